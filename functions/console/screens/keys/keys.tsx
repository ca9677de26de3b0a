/** API keys: created and shown once, revoked. */

import { useState } from 'preact/hooks';
import type { KeyView } from '../../../http/keys.ts';
import { api } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { Button } from '../../parts/button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { useTitle } from '../../parts/title.ts';
import { ifMay, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { KeyForm } from './form.tsx';

export default function Keys() {
  const { keys } = texts;
  useTitle(keys.title);
  const [isAdding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<KeyView | null>(null);
  const { value, problem, reload } = useResource<{ items: KeyView[] }>(ifMay('/v1/keys', 'admin'));
  const why = whyNot('admin');
  return (
    <>
      <header class="head">
        <h1>{keys.title}</h1>
        <Button kind="primary" whyNot={why} onClick={() => setAdding(true)}>
          <Icon name="plus" /> {keys.add}
        </Button>
      </header>
      <Loaded value={value.value} problem={problem.value} whyNot={why}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={keys.none} text={keys.noneMore} />
          ) : (
            <KeyTable items={items} onRevoke={setRevoking} />
          )
        }
      </Loaded>
      {isAdding && <KeyForm onClose={() => setAdding(false)} done={() => void reload()} />}
      {revoking && (
        <Confirm
          title={keys.revokeTitle(revoking.name)}
          text={keys.revokeMore}
          action={keys.revoke}
          call={() => api.delete(`/v1/keys/${revoking.id}`)}
          done={() => {
            setRevoking(null);
            return reload();
          }}
          onClose={() => setRevoking(null)}
        />
      )}
    </>
  );
}

interface KeyTableProps {
  items: KeyView[];
  onRevoke: (it: KeyView) => void;
}

function KeyTable({ items, onRevoke }: KeyTableProps) {
  const { columns, table, actions, revoke, of } = texts.keys;
  return (
    <Table
      caption={table}
      columns={[
        { label: columns.name },
        { label: columns.scopes },
        { label: columns.created, isWide: true },
        { label: actions, isNumber: true },
      ]}
    >
      {items.map((it) => (
        <tr key={it.id}>
          <td>
            <bdi class="naming">{it.name}</bdi>
            <p class="muted sub wide">
              <code>{it.id}</code>
            </p>
          </td>
          <td>
            <span class="tags">
              {it.scopes.map((scope) => (
                <span key={scope} class="tag">
                  {scope}
                </span>
              ))}
              {it.app !== null && (
                <small class="muted">
                  {columns.app} <bdi>{it.app}</bdi>
                </small>
              )}
            </span>
          </td>
          <td class="wide">{it.createdAt && <Time at={it.createdAt} />}</td>
          <td class="number">
            <Button small kind="danger" whyNot={whyNot('admin')} onClick={() => onRevoke(it)}>
              {revoke}
              <span class="unseen">{of(it.name)}</span>
            </Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}
