/** A strip of about a day: a bar for each wave, at the time at which its devices are sent to. */

import { dayAndMinute, minuteOf, ownZone, shortDay } from '../../format.ts';
import { texts } from '../../texts/texts.ts';
import { nowShown } from '../time.tsx';
import { type Span, shareOf, spanOf, ticksOf } from './span.ts';
import {
  isDrawn,
  type Kind,
  keyOf,
  kindsOf,
  manyOf,
  outcomes,
  placesOf,
  type StripWave,
  saidOf,
} from './wave.ts';

const words = texts.waves;

interface Props {
  waves: StripWave[];
  /** the local time of the campaign, such as `2030-12-24T09:00` */
  local?: string | undefined;
}

/** What it shows is told in words to people who do not see it; a table behind it has the numbers. */
export function Strip({ waves: all, local }: Props) {
  const waves = all.filter(isDrawn);
  const span = spanOf(
    waves.map((it) => it.at),
    local,
  );
  const times = [...Map.groupBy(waves, (it) => it.at)].sort(([a], [b]) => a - b);
  const sumOf = (those: StripWave[]) => those.reduce((sum, it) => sum + (it.many ?? 0), 0);
  const most = Math.max(1, ...times.map(([, those]) => sumOf(those)));
  return (
    <div class="strip">
      <div class="days" role="img" aria-label={labelOf(waves, span)}>
        {ticksOf(span).map(({ at, isDay, hasLabel }) => (
          <i key={at} class={isDay ? 'day' : undefined} style={leftOf(span, at)}>
            {hasLabel && (isDay ? shortDay(at) : minuteOf(at))}
          </i>
        ))}
        {times.map(([at, those]) => (
          <span
            key={at}
            class="column"
            style={{ ...leftOf(span, at), '--part': sumOf(those) / most }}
          >
            {those.map((it) => (
              <Wave key={keyOf(it)} wave={it} />
            ))}
          </span>
        ))}
        <NowLine span={span} />
      </div>
      <Legend waves={waves} span={span} />
    </div>
  );
}

function Wave({ wave }: { wave: StripWave }) {
  const { at, many, counts, isAbout } = wave;
  const title = [dayAndMinute(at), manyOf(wave), placesOf(wave), ...saidOf(wave)].join(' · ');
  return (
    <span class={`wave ${kindsOf(wave).join(' ')}`} style={{ flexGrow: many ?? 0 }} title={title}>
      {counts &&
        !isAbout &&
        outcomes.map((it) => <b key={it} class={it} style={{ flexGrow: counts[it] }} />)}
    </span>
  );
}

function NowLine({ span }: { span: Span }) {
  const now = nowShown();
  if (now < span.from || now > span.to) return null;
  return <em style={leftOf(span, now)} title={words.now} />;
}

/** What the bars look like and mean: only those that there are. */
function Legend({ waves, span }: { waves: StripWave[]; span: Span }) {
  const kinds = new Set(waves.flatMap(kindsOf));
  const now = nowShown();
  return (
    <ul class="legend" aria-hidden="true">
      {(Object.keys(words.kinds) as Kind[])
        // outcomes have colours of their own, which the ledger explains
        .filter((it) => kinds.has(it) && !(it === 'plain' && waves.some(({ counts }) => counts)))
        .map((it) => (
          <li key={it}>
            <span class={`wave ${it}`} /> {words.kinds[it]}
          </li>
        ))}
      {now >= span.from && now <= span.to && (
        <li>
          <em /> {words.now}
        </li>
      )}
      <li>{words.zone(ownZone)}</li>
    </ul>
  );
}

const leftOf = (span: Span, at: number) => ({ left: `${shareOf(span, at) * 100}%` });

function labelOf(waves: StripWave[], { from, to }: Span): string {
  const largest = waves.reduce<StripWave | null>(
    (a, b) => ((b.many ?? 0) > (a?.many ?? 0) ? b : a),
    null,
  );
  const said = [words.strip(waves.length, dayAndMinute(from), dayAndMinute(to))];
  if (largest?.many) said.push(words.peak(largest.many, dayAndMinute(largest.at)));
  return said.join(' ');
}
