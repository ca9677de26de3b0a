/** Pushes a second since the page was opened: a small drawing, with a table behind it. */

import { count, duration, rateOf } from '../../format.ts';
import { Table } from '../../parts/table.tsx';
import { texts } from '../../texts/texts.ts';
import type { Live } from './live.ts';
import { type Point, ratesOf } from './samples.ts';

const words = texts.campaign.graph;
const [WIDTH, HEIGHT] = [600, 120];
/** Stretches that are drawn, and rows of the table. */
const [DRAWN, ROWS] = [120, 30];

/** `isOpen`: there is more to come, so its place is kept. */
export function Graph({ live, isOpen }: { live: Live; isOpen: boolean }) {
  const samples = live.samples.value;
  const points = ratesOf(samples, DRAWN);
  if (points.length < 2 && !isOpen) return null;
  const peak = niceTop(Math.max(0, ...points.map((it) => it.rate)));
  const seconds = points.at(-1)?.second ?? 0;
  return (
    <section class="card graph" aria-labelledby="graph">
      <h2 id="graph">{words.title}</h2>
      <div class="plot">
        <span class="top">{count(peak)}</span>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={words.label(count(peak), duration(seconds))}
        >
          <path
            class="rule"
            d={`M0 0.5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`}
          />
          {points.length > 1 && (
            <>
              <path class="area" d={`${lineOf(points, peak)}V${HEIGHT}H0Z`} />
              <path class="curve" d={lineOf(points, peak)} />
            </>
          )}
        </svg>
        <span class="axis">
          <span>{points.length > 1 ? words.ago(duration(seconds)) : ''}</span>
          <span>{isOpen ? words.now : ''}</span>
        </span>
      </div>
      <details>
        <summary>{words.table}</summary>
        <Table
          caption={words.title}
          columns={[{ label: words.time }, { label: words.rate, isNumber: true }]}
        >
          {ratesOf(samples, ROWS).map(({ second, rate }) => (
            <tr key={second}>
              <td>{duration(second)}</td>
              <td class="number">{rateOf(rate)}</td>
            </tr>
          ))}
        </Table>
      </details>
    </section>
  );
}

function lineOf(points: Point[], peak: number): string {
  const x = (i: number) => ((i * WIDTH) / (points.length - 1)).toFixed(1);
  const y = (rate: number) => (HEIGHT - (rate / peak) * (HEIGHT - 4)).toFixed(1);
  return points.map(({ rate }, i) => `${i === 0 ? 'M' : 'L'}${x(i)} ${y(rate)}`).join('');
}

/** 1, 2 or 5 times a power of ten, at or above the highest rate. */
function niceTop(rate: number): number {
  if (rate <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(rate));
  return power * ([1, 2, 5].find((it) => it * power >= rate) ?? 10);
}
