import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { FailedPingView, TriggerView } from '../../../http/triggers/view.ts';
import { useAction } from '../../api/action.ts';
import { api, pathWith } from '../../api/client.ts';
import { type List, useList } from '../../api/list.ts';
import { count } from '../../format.ts';
import { Button } from '../../parts/button.tsx';
import { announce } from '../../parts/live-region.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Rows } from '../../parts/rows.tsx';
import { Section } from '../../parts/section.tsx';
import { State } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { ifMay, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { triggerPath } from './trigger-draft.ts';

/** ms between two looks. */
const EVERY_MS = 10_000;

/** The last campaigns of a trigger: the API names them after it. */
export function Pings({ trigger }: { trigger: TriggerView }) {
  const { triggers } = texts;
  const { pingColumns: columns } = triggers;
  const named = `ping of ${trigger.name}`;
  const path = pathWith('/v1/campaigns', { app: trigger.app, q: named });
  const list = useList<CampaignView>(path, { limit: 20, everyMs: EVERY_MS });
  return (
    <Section title={triggers.pings}>
      <Loaded value={list.items} problem={list.problem}>
        {(found) => {
          const items = found.filter((it) => it.name === named);
          if (items.length === 0) return <p class="muted">{triggers.noPings}</p>;
          return (
            <Table
              caption={triggers.pingsTable}
              columns={[
                { label: columns.title },
                { label: columns.state, isWide: true },
                { label: columns.accepted, isNumber: true },
                { label: columns.at },
              ]}
            >
              {items.map((it) => (
                <tr key={it.id}>
                  <td>
                    <a class="naming" href={`/console/campaigns/${encodeURIComponent(it.id)}`}>
                      <bdi>{it.message.title || it.message.body || it.id}</bdi>
                    </a>
                  </td>
                  <td class="wide">
                    <State state={it.state} />
                  </td>
                  <td class="number">
                    {count(it.counts.accepted)} / {count(it.counts.recipients)}
                  </td>
                  <td>
                    <Time at={it.createdAt} />
                  </td>
                </tr>
              ))}
            </Table>
          );
        }}
      </Loaded>
    </Section>
  );
}

/** Calls with a valid proof of which no campaign could be made. Their bodies are personal data. */
export function FailedPings({ name }: { name: string }) {
  const { triggers } = texts;
  const why = whyNot('read');
  const list = useList<FailedPingView>(ifMay(`${triggerPath(name)}/failed`, 'read'), {
    limit: 20,
    everyMs: EVERY_MS,
  });
  return (
    <Section title={triggers.failed}>
      <Loaded value={list.items} problem={list.problem} whyNot={why}>
        {(items) => (
          <Rows items={items} list={list} none={triggers.noFailed} keyOf={(it) => it.id}>
            {(it) => <FailedPing name={name} it={it} list={list} />}
          </Rows>
        )}
      </Loaded>
    </Section>
  );
}

interface FailedProps {
  name: string;
  it: FailedPingView;
  list: List<FailedPingView>;
}

function FailedPing({ name, it, list }: FailedProps) {
  const { triggers } = texts;
  const { busy, problem, run } = useAction();
  const replay = () =>
    run(
      () => api.post(`${triggerPath(name)}/failed/${encodeURIComponent(it.id)}:replay`),
      () => {
        announce(triggers.replayed);
        return list.reload();
      },
    );
  return (
    <details>
      <summary>
        <span class="subject">{it.faults[0] && <Fault it={it.faults[0]} />}</span>
        <span class="muted">{triggers.faults(it.faults.length)}</span>
        <Time at={it.at} />
      </summary>
      <div class="inside">
        <ul>
          {it.faults.map((fault) => (
            <li key={fault.path + fault.message}>
              <Fault it={fault} />
            </li>
          ))}
        </ul>
        <p class="muted">{triggers.body}</p>
        <pre>{it.body}</pre>
        {problem && <ProblemNote problem={problem} />}
        <p>
          <Button small busy={busy} whyNot={whyNot('campaigns')} onClick={() => void replay()}>
            {triggers.replay}
          </Button>
        </p>
      </div>
    </details>
  );
}

const Fault = ({ it }: { it: FailedPingView['faults'][number] }) => (
  <>
    {it.path && <code>{it.path}</code>} {it.message}
  </>
);
