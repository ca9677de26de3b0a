/** Finds devices by user, id or token. What was asked is in the address, but never a token. */

import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { AppView } from '../../../http/apps.ts';
import type { InstallationView } from '../../../http/installations/view.ts';
import { useAction } from '../../api/action.ts';
import { type Answer, api, pathWith } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { Button } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Field, faultsAt } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { useTitle } from '../../parts/title.ts';
import { ifMay, MAY_LOOK, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';

const devicePath = (app: string, id: string) =>
  pathWith(`/console/devices/${encodeURIComponent(id)}`, { app });

type Kind = keyof typeof texts.devices.kinds;
type Found = { items: InstallationView[] };

export default function Devices() {
  const { devices } = texts;
  useTitle(devices.title);
  const { route } = useLocation();
  const apps = useList<AppView>(ifMay('/v1/apps', ...MAY_LOOK), { limit: 100 });
  const { busy, problem, run } = useAction();
  const [kind, setKind] = useState<Kind>('user');
  const [text, setText] = useState('');
  const [app, setApp] = useState('default');
  const [found, setFound] = useState<InstallationView[] | null>(null);
  const send = (event: Event) => {
    event.preventDefault();
    if (kind === 'id') return route(devicePath(app, text.trim()));
    const asked = kind === 'user' ? { userId: text.trim() } : { token: text };
    void run(
      (): Promise<Answer<Found>> =>
        api.post('/v1/installations:find', { app, ...asked, limit: 100 }),
      ({ items }) => {
        if (items.length === 1) route(devicePath(items[0]!.app, items[0]!.id));
        else setFound(items);
      },
    );
  };
  return (
    <>
      <header class="head">
        <h1>{devices.title}</h1>
      </header>
      <form class="card finder" onSubmit={send}>
        <Field label={devices.by}>
          {(ids) => (
            <select
              {...ids}
              value={kind}
              onChange={(event) => setKind(event.currentTarget.value as Kind)}
            >
              {Object.entries(devices.kinds).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label={devices.kinds[kind]}
          faults={[...faultsAt(problem, 'userId'), ...faultsAt(problem, 'token')]}
        >
          {(ids) => (
            <input
              {...ids}
              value={text}
              required
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={devices.app} faults={faultsAt(problem, 'app')}>
          {(ids) => (
            <select {...ids} value={app} onChange={(event) => setApp(event.currentTarget.value)}>
              {(apps.items ?? [{ app }]).map((it) => (
                <option key={it.app}>{it.app}</option>
              ))}
            </select>
          )}
        </Field>
        <Button kind="primary" type="submit" busy={busy} whyNot={whyNot('read')}>
          {devices.find}
        </Button>
      </form>
      {problem && <ProblemNote problem={problem} shown={['userId', 'token', 'app']} />}
      {found === null ? (
        <Empty title={devices.begin} text={devices.beginMore} />
      ) : found.length === 0 ? (
        <Empty title={devices.none} text={devices.noneMore} />
      ) : (
        <FoundTable items={found} />
      )}
    </>
  );
}

function FoundTable({ items }: { items: InstallationView[] }) {
  const { columns, table, platforms, optedOut } = texts.devices;
  return (
    <Table
      caption={table}
      columns={[
        { label: columns.id },
        { label: columns.platform },
        { label: columns.language, isWide: true },
        { label: columns.seen, isWide: true },
      ]}
    >
      {items.map((it) => (
        <tr key={it.id}>
          <td>
            <a class="naming" href={devicePath(it.app, it.id)}>
              <bdi>{it.id}</bdi>
            </a>
            {it.optedOut && <span class="tag">{optedOut}</span>}
          </td>
          <td>{platforms[it.platform] ?? it.platform}</td>
          <td class="wide">{it.language}</td>
          <td class="wide">
            <Time at={it.refreshedAt} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
