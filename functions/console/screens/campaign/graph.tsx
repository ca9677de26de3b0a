/** Pushes over time, since the page was opened. */

import { duration, rateOf } from '../../format.ts';
import { texts } from '../../texts/texts.ts';
import type { Live } from './live.ts';
import { Plot } from './plot.tsx';
import { ratesOf } from './samples.ts';

const words = texts.campaign.graph;
/** Stretches that are drawn, and rows of the table. */
const [DRAWN, ROWS] = [120, 30];

/** `isOpen`: there is more to come, so its place is kept. */
export function Graph({ live, isOpen }: { live: Live; isOpen: boolean }) {
  const samples = live.samples.value;
  const points = ratesOf(samples, DRAWN);
  if (points.length < 2 && !isOpen) return null;
  const span = duration(points.at(-1)?.second ?? 0);
  return (
    <Plot
      title={words.title}
      label={(peak) => words.label(peak, span)}
      values={points.map((it) => it.rate)}
      axis={[points.length > 1 ? words.ago(span) : '', isOpen ? words.now : '']}
      columns={[words.time, words.rate]}
      rows={ratesOf(samples, ROWS).map(({ second, rate }) => [duration(second), rateOf(rate)])}
    />
  );
}
