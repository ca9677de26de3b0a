import { texts } from '../../texts/texts.ts';
import { dayName, type Zone } from './calendar.ts';
import type { Run } from './runs.ts';

/** Runs in the agenda. */
const SHOWN = 12;

/** The next runs, day by day. */
export function Agenda({ runs, zone }: { runs: Run[]; zone: Zone }) {
  const days = Map.groupBy(runs.slice(0, SHOWN), (it) => zone.dayOf(it.at));
  const { schedules } = texts;
  return (
    <section class="card agenda" aria-labelledby="agenda">
      <h2 id="agenda">{schedules.agenda}</h2>
      {runs.length === 0 && <p class="muted">{schedules.noRuns}</p>}
      {[...days].map(([day, of]) => (
        <div key={day}>
          <h3>{dayName(day)}</h3>
          <ol>
            {of.map((it) => (
              <li key={`${it.key} ${it.at}`}>
                <time dateTime={new Date(it.at).toISOString()}>{zone.clockOf(it.at)}</time>
                <a href={it.href}>
                  <bdi>{it.name}</bdi>
                </a>
                {it.isOnce && <span class="tag">{schedules.once}</span>}
                {it.isLocal && <span class="tag">{schedules.local}</span>}
              </li>
            ))}
          </ol>
        </div>
      ))}
    </section>
  );
}
