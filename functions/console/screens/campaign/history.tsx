/** Who did what with the campaign, and when. */

import { useEffect } from 'preact/hooks';
import type { HistoryView } from '../../../http/campaigns/control.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { useResource } from '../../api/resource.ts';
import { State } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { texts } from '../../texts/texts.ts';

const words = texts.campaign.history;

export function History({ campaign: { id, state, schedule } }: { campaign: CampaignView }) {
  const history = useResource<HistoryView>(`/v1/campaigns/${encodeURIComponent(id)}/history`);
  // a move keeps the state
  useEffect(() => void history.reload(), [state, schedule?.at, schedule?.local, schedule?.late]);
  const items = history.value.value?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="history">
      <h2 id="history">{words.title}</h2>
      <Table
        caption={words.title}
        columns={[
          { label: words.at },
          { label: words.state },
          { label: words.by },
          { label: words.reason, isWide: true },
        ]}
      >
        {items.map(({ at, by, to, reason }) => (
          <tr key={at + to}>
            <td>
              <Time at={at} />
            </td>
            <td>
              <State state={to} />
            </td>
            <td>
              <bdi>{by}</bdi>
            </td>
            <td class="wide muted">
              <bdi>{reason ?? ''}</bdi>
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
