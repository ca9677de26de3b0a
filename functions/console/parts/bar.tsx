import type { CampaignView } from '../../http/campaigns/view.ts';
import { count, percent } from '../format.ts';
import { texts } from '../texts/texts.ts';

type Counts = CampaignView['counts'];

const parts = ['accepted', 'failed', 'skipped', 'pending'] as const;

/** The counts with all that its waves will have: those that are not read yet are planned. */
export function withExpected({ counts, expected = 0 }: CampaignView): Counts {
  const recipients = Math.max(counts.recipients, expected);
  return { ...counts, recipients, pending: counts.pending + recipients - counts.recipients };
}

/** A bar over everybody in the audience. What is there is seen, however little it is. */
export function LedgerBar({ counts, isThin = false }: { counts: Counts; isThin?: boolean }) {
  const { ledger } = texts.campaign;
  const text = parts
    .filter((it) => counts[it] > 0)
    .map((it) => `${ledger[it]} ${percent(counts[it], counts.recipients)}`)
    .join(', ');
  return (
    <div class={`bar${isThin ? ' thin' : ''}`} role="img" aria-label={text || ledger.none}>
      {parts.map((it) => (
        <span
          key={it}
          class={it}
          style={{ flexGrow: counts[it], ...(counts[it] === 0 && { display: 'none' }) }}
        />
      ))}
    </div>
  );
}

/** The figures of the bar, each with its share. */
export function LedgerFigures({ counts }: { counts: Counts }) {
  const { ledger } = texts.campaign;
  const { skippedBy } = counts;
  return (
    <>
      <dl class="ledger">
        {parts.map((it) => (
          <div key={it} class={it}>
            <dt>{ledger[it]}</dt>
            <dd>
              {count(counts[it])} <small>{percent(counts[it], counts.recipients)}</small>
            </dd>
          </div>
        ))}
      </dl>
      {skippedBy?.capped && <p class="muted">{ledger.capped(count(skippedBy.capped))}</p>}
      {skippedBy?.late && <p class="muted">{ledger.late(count(skippedBy.late))}</p>}
    </>
  );
}
