/** Pushes over time, from counts as they come. Times are of a clock that only goes forward, in ms. */

import type { CampaignView } from '../../../http/campaigns/view.ts';

type Counts = CampaignView['counts'];

export interface Sample {
  at: number;
  /** pushes with an answer */
  answered: number;
}

/** Samples that are kept; beyond them, every second one of the older half is dropped. */
const MOST = 1_200;
/** ms that the rate of now is an average of */
const WINDOW_MS = 5_000;

export const answeredIn = ({ accepted, failed }: Counts) => accepted + failed;

export function withSample(samples: Sample[], sample: Sample): Sample[] {
  const all = [...samples, sample];
  if (all.length <= MOST) return all;
  return all.filter((_, i) => i >= MOST / 2 || i % 2 === 0);
}

/** Pushes a second in the last seconds; null: too little is known. */
export function rateNow(samples: Sample[], now: number): number | null {
  const first = samples.find((it) => it.at >= now - WINDOW_MS) ?? samples.at(-1);
  const last = samples.at(-1);
  if (!first || !last || now - first.at < 900) return null;
  return ((last.answered - first.answered) * 1000) / (now - first.at);
}

/** Seconds until the rest has a result; null: not known. */
export const secondsLeft = (pending: number, rate: number | null): number | null =>
  rate === null || rate <= 0 ? null : pending / rate;

interface Point {
  /** seconds after the first sample */
  second: number;
  rate: number;
}

/** The rate in at most `most` stretches of equal length, of a second or more. */
export function ratesOf(samples: Sample[], most: number): Point[] {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < 1_000) return [];
  const span = last.at - first.at;
  const stretches = Math.max(1, Math.min(most, Math.floor(span / 1_000)));
  const width = span / stretches;
  const points: Point[] = [];
  let i = 0;
  let before = first.answered;
  for (let n = 1; n <= stretches; n++) {
    const end = first.at + n * width;
    while (i + 1 < samples.length && samples[i + 1]!.at <= end) i += 1;
    const from = samples[i]!;
    const to = samples[i + 1] ?? from;
    const part = to.at > from.at ? (end - from.at) / (to.at - from.at) : 0;
    const answered = from.answered + (to.answered - from.answered) * Math.min(1, part);
    points.push({
      second: (end - first.at) / 1000,
      rate: Math.max(0, ((answered - before) * 1000) / width),
    });
    before = answered;
  }
  return points;
}
