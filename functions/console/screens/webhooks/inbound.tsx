import { useState } from 'preact/hooks';
import type { TriggerView } from '../../../http/triggers/view.ts';
import { useList } from '../../api/list.ts';
import { count } from '../../format.ts';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { More } from '../../parts/more.tsx';
import { Section } from '../../parts/section.tsx';
import { Table } from '../../parts/table.tsx';
import { ifMay, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { TriggerForm } from './trigger-form.tsx';

export function Inbound() {
  const { triggers } = texts;
  const list = useList<TriggerView>(ifMay('/v1/triggers', 'campaigns'));
  const [isAdding, setAdding] = useState(false);
  const add = (
    <Button whyNot={whyNot('campaigns')} onClick={() => setAdding(true)}>
      <Icon name="plus" /> {triggers.add}
    </Button>
  );
  return (
    <Section title={triggers.title} text={triggers.titleMore} action={add}>
      <Loaded value={list.items} problem={list.problem} whyNot={whyNot('campaigns')}>
        {(items) =>
          items.length === 0 ? (
            <div class="card">
              <Empty title={triggers.none} text={triggers.noneMore} />
            </div>
          ) : (
            <>
              <Triggers items={items} />
              <More list={list} />
            </>
          )
        }
      </Loaded>
      {isAdding && <TriggerForm onClose={() => setAdding(false)} done={() => void list.reload()} />}
    </Section>
  );
}

function Triggers({ items }: { items: TriggerView[] }) {
  const { columns, table, kinds } = texts.triggers;
  return (
    <Table
      caption={table}
      columns={[
        { label: columns.name },
        { label: columns.app, isWide: true },
        { label: columns.proof, isWide: true },
        { label: columns.received, isNumber: true },
        { label: columns.forged, isNumber: true },
      ]}
    >
      {items.map((it) => (
        <tr key={it.name}>
          <td>
            <a href={`/console/webhooks/inbound/${encodeURIComponent(it.name)}`} class="naming">
              {it.name}
            </a>
          </td>
          <td class="wide">
            <bdi>{it.app}</bdi>
          </td>
          <td class="wide">{kinds[it.proof.kind]}</td>
          <td class="number">{count(it.counts.received)}</td>
          <td class="number">{count(it.counts.forged)}</td>
        </tr>
      ))}
    </Table>
  );
}
