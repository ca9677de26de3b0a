/** Why recipients were not reached, in words, with what to do. */

import type { ReportView } from '../../../http/campaigns/report-view.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { count } from '../../format.ts';
import { cell, Table } from '../../parts/table.tsx';
import { texts } from '../../texts/texts.ts';

const words = texts.campaign.failures;

export function Failures({ campaign, report }: { campaign: CampaignView; report: ReportView }) {
  const { recipients } = campaign.counts;
  if (recipients === 0) return null;
  // the report is older than the campaign, which is followed live
  const denied = report.campaign.counts.recipients - report.visible;
  const pruned = report.pruned.reduce((sum, it) => sum + it.count, 0);
  const missing = Object.entries(report.missing);
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">{words.title}</h2>
      {report.reasons.length === 0 ? (
        <p class="muted">{campaign.closedAt === null ? words.none : words.noneClosed}</p>
      ) : (
        <Table
          caption={words.title}
          columns={[
            { label: words.reason },
            { label: words.meaning },
            { label: words.count, isNumber: true },
          ]}
        >
          {report.reasons.map(({ reason, count: of, meaning, next }) => (
            <tr key={reason}>
              <td>
                <code>{reason}</code>
              </td>
              <td class="meaning">
                {meaning ?? words.unknown} {next && <span class="muted">{next}</span>}
              </td>
              <td class={cell({ isNumber: true })}>{count(of)}</td>
            </tr>
          ))}
        </Table>
      )}
      {denied > 0 && <p class="muted">{words.hidden(count(denied))}</p>}
      {pruned > 0 && <p class="muted">{texts.campaign.pruned.more(count(pruned))}</p>}
      {missing.length > 0 && (
        <div class="note warn">
          <h3>{texts.campaign.missing.title}</h3>
          <p>{texts.campaign.missing.more}</p>
          <ul>
            {missing.map(([name, of]) => (
              <li key={name}>
                <code>
                  <bdi>{name}</bdi>
                </code>{' '}
                {count(of)}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
