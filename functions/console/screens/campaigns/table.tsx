import type { CampaignView } from '../../../http/campaigns/view.ts';
import { count, percent, wallTime } from '../../format.ts';
import { LedgerBar, withExpected } from '../../parts/bar.tsx';
import { State } from '../../parts/state.tsx';
import { cell, Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { texts } from '../../texts/texts.ts';

const { columns } = texts.campaigns;

const shown = [
  { label: columns.name },
  { label: columns.state, isWide: true },
  { label: columns.progress },
  { label: columns.recipients, isNumber: true, isWide: true },
  { label: columns.failed, isNumber: true, isWide: true },
  { label: columns.created, isWide: true },
];

/** Places of rows that are not here yet, so that nothing jumps when they come. */
const PLACES = 12;

/** `items` null: they are not here yet. */
export const CampaignTable = ({ items }: { items: CampaignView[] | null }) => (
  <div class="campaigns" aria-busy={items === null}>
    <Table caption={texts.campaigns.table} columns={shown}>
      {items === null
        ? Array.from({ length: PLACES }, (_, i) => (
            <tr key={i} class="place">
              {shown.map((it) => (
                <td key={it.label} class={cell(it)} />
              ))}
            </tr>
          ))
        : items.map((it) => <Row key={it.id} it={it} />)}
    </Table>
  </div>
);

function Row({ it }: { it: CampaignView }) {
  const { failed } = it.counts;
  const all = withExpected(it);
  const isAbout = all.recipients > it.counts.recipients;
  const { recipients, pending } = all;
  const isBegun = it.counts.recipients > 0;
  return (
    <tr>
      <td class="name">
        <div>
          <a href={`/console/campaigns/${encodeURIComponent(it.id)}`}>
            <bdi>{it.name}</bdi>
          </a>
          {it.test && <span class="tag">{texts.campaigns.test}</span>}
          {it.dryRun && <span class="tag">{texts.campaigns.dryRun}</span>}
        </div>
        <small class="muted wide">
          <bdi>{it.message.title ?? it.message.body ?? '–'}</bdi>
        </small>
        <span class="narrow">
          <State state={it.state} />
        </span>
      </td>
      <td class="wide">
        <State state={it.state} />
      </td>
      <td class="progress">
        {isBegun && <LedgerBar counts={all} isThin />}
        <small class="muted">
          {isBegun && percent(recipients - pending, recipients)}
          {!isBegun && it.state === 'scheduled' && <Begins schedule={it.schedule} />}
        </small>
      </td>
      <td class={cell({ isNumber: true, isWide: true })}>
        {isBegun ? (isAbout ? texts.waves.roughly(count(recipients)) : count(recipients)) : '–'}
      </td>
      <td class={cell({ isNumber: true, isWide: true })}>{isBegun ? count(failed) : '–'}</td>
      <td class="wide muted">
        <Time at={it.createdAt} />
      </td>
    </tr>
  );
}

function Begins({ schedule }: Pick<CampaignView, 'schedule'>) {
  if (schedule?.local !== undefined) {
    const [day, clock] = wallTime(schedule.local);
    return <time dateTime={schedule.local}>{texts.campaigns.local(day, clock)}</time>;
  }
  return schedule?.at ? <Time at={schedule.at} /> : null;
}
