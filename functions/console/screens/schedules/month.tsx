import { Button } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { texts } from '../../texts/texts.ts';
import type { Zone } from './calendar.ts';
import { dayName, longWeekday, type Month, monthName, shortWeekday, weeksOf } from './calendar.ts';
import type { DayRun } from './runs.ts';

/** Entries that fit into the box of a day. */
const SHOWN = 3;

interface Props {
  month: Month;
  today: string;
  days: Map<string, DayRun[]>;
  zone: Zone;
  /** by so many months; 0: to the present one */
  onMove: (by: number) => void;
}

export function MonthTable({ month, today, days, zone, onMove }: Props) {
  const weeks = weeksOf(month);
  const name = monthName(month);
  const { schedules } = texts;
  return (
    <section class="card calendar" aria-labelledby="month">
      <header>
        <h2 id="month" aria-live="polite">
          {name}
        </h2>
        <Button kind="quiet" small onClick={() => onMove(0)}>
          {schedules.today}
        </Button>
        <Button kind="quiet" small onClick={() => onMove(-1)}>
          <Icon name="back" />
          <span class="unseen">{schedules.previous}</span>
        </Button>
        <Button kind="quiet" small onClick={() => onMove(1)}>
          <Icon name="forward" />
          <span class="unseen">{schedules.next}</span>
        </Button>
      </header>
      <table class="month">
        <caption class="unseen">{schedules.monthCaption(name)}</caption>
        <thead>
          <tr>
            {weeks[0]!.map((day) => (
              <th key={day} scope="col" abbr={longWeekday(day)}>
                {shortWeekday(day)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => (
                <Day
                  key={day}
                  day={day}
                  isOutside={Number(day.slice(5, 7)) - 1 !== month.month}
                  isToday={day === today}
                  runs={days.get(day) ?? []}
                  zone={zone}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface DayProps {
  day: string;
  isOutside: boolean;
  isToday: boolean;
  runs: DayRun[];
  zone: Zone;
}

function Day({ day, isOutside, isToday, runs, zone }: DayProps) {
  const { schedules } = texts;
  return (
    <td class={isOutside ? 'outside' : undefined} aria-current={isToday ? 'date' : undefined}>
      <time dateTime={day} title={dayName(day)}>
        {Number(day.slice(8))}
      </time>
      {runs.length > 0 && (
        <>
          <span class="many">
            {runs.length}
            <span class="unseen"> {schedules.runsOn}</span>
          </span>
          <ul>
            {runs.slice(0, SHOWN).map((it) => (
              <li key={it.key}>
                <a href={it.href} class={it.isOnce ? 'once' : undefined} title={it.name}>
                  <b>{zone.clockOf(it.at)}</b>
                  {it.count > 1 && ` ×${it.count}`} <bdi>{it.name}</bdi>
                </a>
              </li>
            ))}
            {runs.length > SHOWN && (
              <li class="muted">{schedules.moreRuns(runs.length - SHOWN)}</li>
            )}
          </ul>
        </>
      )}
    </td>
  );
}
