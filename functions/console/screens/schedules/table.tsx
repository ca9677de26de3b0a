import type { ScheduleView } from '../../../http/schedules/view.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import type { List } from '../../api/list.ts';
import { Button } from '../../parts/button.tsx';
import { Mark } from '../../parts/mark.tsx';
import { More } from '../../parts/more.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Table } from '../../parts/table.tsx';
import { whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { instantOf, type Zone } from './calendar.ts';
import { described } from './cron.ts';

const tones = { active: 'good', paused: 'warn', ended: 'none' } as const;

export const ScheduleState = ({ state }: { state: ScheduleView['state'] }) => (
  <Mark tone={tones[state]}>{texts.schedules.states[state]}</Mark>
);

export const pathOf = (id: string) => `/v1/schedules/${encodeURIComponent(id)}`;

interface Props {
  list: List<ScheduleView>;
  items: ScheduleView[];
  zone: Zone;
}

export function ScheduleTable({ list, items, zone }: Props) {
  const { columns, table, actions } = texts.schedules;
  if (items.length === 0) return null;
  return (
    <>
      <Table
        caption={table}
        columns={[
          { label: columns.name },
          { label: columns.when, isWide: true },
          { label: columns.state },
          { label: columns.next, isWide: true },
          { label: actions, isNumber: true },
        ]}
      >
        {items.map((it) => (
          <Row key={it.id} it={it} zone={zone} onChange={() => void list.reload()} />
        ))}
      </Table>
      <More list={list} />
    </>
  );
}

interface RowProps {
  it: ScheduleView;
  zone: Zone;
  onChange: () => void;
}

function Row({ it, zone, onChange }: RowProps) {
  const { busy, problem, run } = useAction();
  const { pause, resume, never, of } = texts.schedules;
  const verb = it.state === 'active' ? 'pause' : 'resume';
  return (
    <tr>
      <td>
        <a href={`/console/schedules/${encodeURIComponent(it.id)}`} class="naming">
          <bdi>{it.name}</bdi>
        </a>
        {problem && <ProblemNote problem={problem} />}
      </td>
      <td class="wide">
        <When it={it} />
      </td>
      <td>
        <ScheduleState state={it.state} />
      </td>
      <td class="wide">
        {it.nextRuns[0] ? zone.timeOf(instantOf(it.nextRuns[0], zone.name)) : never}
      </td>
      <td class="number">
        {it.state !== 'ended' && (
          <Button
            small
            busy={busy}
            whyNot={whyNot('campaigns')}
            onClick={() => void run(() => api.post(`${pathOf(it.id)}/${verb}`), onChange)}
          >
            {verb === 'pause' ? pause : resume}
            <span class="unseen">{of(it.name)}</span>
          </Button>
        )}
      </td>
    </tr>
  );
}

/** When it runs: in words if the pattern is a usual one, and its zone. */
export const When = ({ it }: { it: Pick<ScheduleView, 'cron' | 'timeZone'> }) => (
  <>
    {described(it.cron) ?? <code>{it.cron}</code>}{' '}
    <small class="muted">{it.timeZone ?? texts.schedules.ownClocks}</small>
  </>
);
