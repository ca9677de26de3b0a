/** What devices reported: a funnel from the audience to those who opened it, and when they did. */

import type { CampaignReceiptsView } from '../../../http/campaigns/receipts.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { serverNow } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { count, dateTime, percent } from '../../format.ts';
import { Table } from '../../parts/table.tsx';
import { texts } from '../../texts/texts.ts';
import { Plot } from './plot.tsx';

const words = texts.campaign.receipts;
/** ms between two looks, while most reports come and later: each is up to 70 reads. */
const [OFTEN_MS, SELDOM_MS] = [10_000, 60_000];
const FRESH_MS = 60 * 60 * 1000;
/** Rows of the table behind the curve. */
const ROWS = 30;

type Receipts = NonNullable<CampaignView['receipts']>;

interface Props {
  campaign: CampaignView;
  /** what the report says, which is there first; undefined: its pushes ask for nothing */
  before: Receipts | undefined;
}

export function ReceiptsPart({ campaign, before }: Props) {
  const { id, firstPushAt, closedAt } = campaign;
  const isAsked = before !== undefined && firstPushAt !== null;
  const path = `/v1/campaigns/${encodeURIComponent(id)}/receipts`;
  const found = useResource<CampaignReceiptsView>(isAsked ? path : null, {
    everyMs: () =>
      closedAt === null || serverNow() - Date.parse(closedAt) < FRESH_MS ? OFTEN_MS : SELDOM_MS,
  }).value.value;
  const receipts = newest([before, campaign.receipts, found?.receipts]);
  if (!isAsked || !receipts) return null;
  const hasAny = receipts.opened + receipts.delivered + receipts.dismissed > 0;
  return (
    <>
      <section aria-labelledby="receipts">
        <h2 id="receipts">{words.title}</h2>
        {hasAny ? (
          <Funnel campaign={campaign} receipts={receipts} />
        ) : (
          <p class="muted">{words.none}</p>
        )}
      </section>
      {receipts.opened > 0 && <Opens found={found?.opened ?? null} opened={receipts.opened} />}
    </>
  );
}

/** Counts only grow. */
const newest = (all: (Receipts | null | undefined)[]): Receipts | null =>
  all
    .filter((it) => it != null)
    .toSorted((a, b) => sumOf(b) - sumOf(a))
    .at(0) ?? null;

const sumOf = ({ opened, delivered, dismissed }: Receipts) => opened + delivered + dismissed;

interface Step {
  name: string;
  of: number;
  /** where the number is estimated: from and to */
  within?: [number, number];
}

function Funnel({ campaign, receipts }: { campaign: CampaignView; receipts: Receipts }) {
  const { audience, counts } = campaign;
  const { opened, delivered, dismissed, estimated } = receipts;
  // how many devices a topic has is not known
  const isCounted = !('topic' in audience || 'condition' in audience);
  const steps: Step[] = [
    ...(isCounted
      ? [
          { name: words.recipients, of: counts.recipients },
          { name: words.accepted, of: counts.accepted },
        ]
      : []),
    estimated
      ? { name: words.delivered, of: estimated.delivered, within: [estimated.low, estimated.high] }
      : { name: words.delivered, of: delivered },
    { name: words.opened, of: opened },
    { name: words.dismissed, of: dismissed },
  ];
  const whole = Math.max(1, ...steps.map((it) => it.of));
  return (
    <>
      <Table
        caption={words.title}
        columns={[
          { label: words.step },
          { label: words.devices, isNumber: true },
          { label: words.percent, isNumber: true },
        ]}
      >
        {steps.map((it) => (
          <tr key={it.name}>
            <td class="funnel">
              {it.name}
              <span style={{ width: `${(100 * it.of) / whole}%` }} />
            </td>
            <td class="number">
              {it.within ? words.about(count(it.of)) : count(it.of)}
              {it.within && (
                <small class="muted">
                  {words.within(count(it.within[0]), count(it.within[1]))}
                </small>
              )}
            </td>
            <td class="number">
              {isCounted ? percent(Math.min(it.of, counts.recipients), counts.recipients) : '–'}
            </td>
          </tr>
        ))}
      </Table>
      {estimated && <p class="muted">{words.sampled(percent(estimated.share, 1))}</p>}
    </>
  );
}

interface OpensProps {
  /** null: it is not here yet; its place is kept */
  found: CampaignReceiptsView['opened'] | null;
  opened: number;
}

function Opens({ found, opened }: OpensProps) {
  const points = found?.points ?? [];
  if (found && points.length === 0) return <p class="muted">{words.gone}</p>;
  const [first, last] = [points.at(0), points.at(-1)].map((it) =>
    it ? dateTime(Date.parse(it.at)) : '',
  ) as [string, string];
  const every = Math.max(1, Math.ceil(points.length / ROWS));
  // the last one is always among them
  const rows = points.filter((_, i) => (points.length - 1 - i) % every === 0);
  return (
    <Plot
      title={words.curve}
      label={() => words.curveLabel(count(opened), first, last)}
      values={points.map((it) => it.opened)}
      axis={[first, last]}
      columns={[words.until, words.opened]}
      rows={rows.map((it) => [dateTime(Date.parse(it.at)), count(it.opened)])}
    >
      {found && !found.exact && <p class="muted hint">{words.inPart}</p>}
    </Plot>
  );
}
