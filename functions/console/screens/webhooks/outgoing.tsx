import { useState } from 'preact/hooks';
import type { WebhookView } from '../../../http/webhooks/view.ts';
import { useList } from '../../api/list.ts';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Mark } from '../../parts/mark.tsx';
import { More } from '../../parts/more.tsx';
import { Section } from '../../parts/section.tsx';
import { Table } from '../../parts/table.tsx';
import { ifMay, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { WebhookForm } from './webhook-form.tsx';

const hrefOf = (id: string) => `/console/webhooks/${encodeURIComponent(id)}`;
export const pathOf = (id: string) => `/v1/webhooks/${encodeURIComponent(id)}`;

export function Outgoing() {
  const { webhooks } = texts;
  const list = useList<WebhookView>(ifMay('/v1/webhooks', 'campaigns'));
  const [isAdding, setAdding] = useState(false);
  const add = (
    <Button whyNot={whyNot('campaigns')} onClick={() => setAdding(true)}>
      <Icon name="plus" /> {webhooks.add}
    </Button>
  );
  return (
    <Section title={webhooks.outgoing} text={webhooks.outgoingMore} action={add}>
      <Loaded value={list.items} problem={list.problem} whyNot={whyNot('campaigns')}>
        {(items) =>
          items.length === 0 ? (
            <div class="card">
              <Empty title={webhooks.none} text={webhooks.noneMore} />
            </div>
          ) : (
            <>
              <Webhooks items={items} />
              <More list={list} />
            </>
          )
        }
      </Loaded>
      {isAdding && <WebhookForm onClose={() => setAdding(false)} done={() => void list.reload()} />}
    </Section>
  );
}

function Webhooks({ items }: { items: WebhookView[] }) {
  const { columns, table, eventCount } = texts.webhooks;
  return (
    <Table
      caption={table}
      columns={[
        { label: columns.url },
        { label: columns.about, isWide: true },
        { label: columns.events, isWide: true },
        { label: columns.state },
      ]}
    >
      {items.map((it) => (
        <tr key={it.id}>
          <td>
            <a href={hrefOf(it.id)} class="naming">
              <bdi>{it.description || it.url}</bdi>
            </a>
            {it.description && (
              <p class="muted sub">
                <bdi>{it.url}</bdi>
              </p>
            )}
          </td>
          <td class="wide">
            <bdi>{aboutOf(it)}</bdi>
          </td>
          <td class="wide">{eventCount(it.types.length)}</td>
          <td>
            <WebhookState it={it} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function aboutOf({ app, campaignId }: WebhookView): string {
  const { webhooks } = texts;
  if (app !== null) return webhooks.app(app);
  return campaignId === null ? webhooks.all : webhooks.campaign;
}

export function WebhookState({ it }: { it: WebhookView }) {
  const { on, off, failing } = texts.webhooks;
  if (!it.enabled) return <Mark tone="none">{off}</Mark>;
  return it.failingSince ? <Mark tone="bad">{failing}</Mark> : <Mark tone="good">{on}</Mark>;
}
