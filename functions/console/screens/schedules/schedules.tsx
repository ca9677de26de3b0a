/** Schedules: a month, the next runs, and all of them with their states. */

import { useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { ScheduleView } from '../../../http/schedules/view.ts';
import { pathWith, serverNow } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { useTitle } from '../../parts/title.ts';
import { ifMay, MAY_LOOK, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { Agenda } from './agenda.tsx';
import { endOf, monthOf, moved } from './calendar.ts';
import { ScheduleForm } from './form.tsx';
import { MonthTable } from './month.tsx';
import { runsByDay, runsOf } from './runs.ts';
import { ScheduleTable } from './table.tsx';
import { useZone, ZoneSelect } from './zone.tsx';

/** Schedules of a page: the API computes the runs of so many. */
const LIMIT = 20;
/** Runs that the API shows of a schedule, at most. */
const MOST_RUNS = 100;

export default function Schedules() {
  const { schedules: words } = texts;
  useTitle(words.title);
  const { route } = useLocation();
  const zone = useZone();
  const now = serverNow();
  const present = monthOf(zone.dayOf(now));
  const [by, setBy] = useState(0);
  const [isAdding, setAdding] = useState(false);
  const month = moved(present, by);
  // at least a month ahead, so that the agenda is whole on its last day
  const until = endOf(by > 0 ? month : moved(present, 1));
  const list = useList<ScheduleView>(
    ifMay(pathWith('/v1/schedules', { runsUntil: until }), ...MAY_LOOK),
    {
      limit: LIMIT,
    },
  );
  const once = useList<CampaignView>(ifMay('/v1/campaigns?state=scheduled,running', ...MAY_LOOK), {
    limit: 100,
  });
  // what was read for another month is shown until this one's is there
  const last = useRef<ScheduleView[] | null>(null);
  last.current = list.items ?? last.current;
  const all = last.current;
  const runs = runsOf(all ?? [], once.items ?? [], zone);
  // they are in the same month: it is drawn once
  const hasOnce = once.items !== null || once.problem !== null;
  const add = (
    <Button kind="primary" whyNot={whyNot('campaigns')} onClick={() => setAdding(true)}>
      <Icon name="plus" /> {words.add}
    </Button>
  );
  return (
    <>
      <header class="head">
        <h1>{words.title}</h1>
        <ZoneSelect zone={zone} used={(all ?? []).map((it) => it.timeZone)} />
        {add}
      </header>
      <Loaded value={hasOnce ? all : null} problem={list.problem} whyNot={whyNot(...MAY_LOOK)}>
        {(items) =>
          items.length === 0 && runs.length === 0 ? (
            <Empty title={words.none} text={words.noneMore}>
              <div class="actions">
                {add}
                <ButtonLink href="/console/compose">{words.compose}</ButtonLink>
              </div>
            </Empty>
          ) : (
            <div class="stack">
              <div class="planner">
                <MonthTable
                  month={month}
                  today={zone.dayOf(now)}
                  days={runsByDay(runs, zone)}
                  zone={zone}
                  onMove={(it) => setBy(it === 0 ? 0 : Math.max(0, by + it))}
                />
                <Agenda runs={runs.filter((it) => it.at > now)} zone={zone} />
              </div>
              <TooMany items={items} />
              <ScheduleTable list={list} items={items} zone={zone} />
            </div>
          )
        }
      </Loaded>
      {isAdding && (
        <ScheduleForm
          onClose={() => setAdding(false)}
          done={({ id }) => route(`/console/schedules/${id}`)}
        />
      )}
    </>
  );
}

/** Says which schedules run so often that the month has only the first of their runs. */
function TooMany({ items }: { items: ScheduleView[] }) {
  const often = items.filter((it) => it.nextRuns.length === MOST_RUNS).map((it) => it.name);
  return often.length === 0 ? null : <p class="note">{texts.schedules.often(often, MOST_RUNS)}</p>;
}
