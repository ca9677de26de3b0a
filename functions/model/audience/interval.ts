/**
 * How many a sample stands for: about, and the interval in which the number lies in 95 of 100 cases.
 *
 * A share is Wilson's interval, since that holds for few and for none, with a correction for a sample
 * that is much of what there is. Where the number of all is itself told by a share of the buckets, the
 * two intervals are put together by their squares (MOVER, https://doi.org/10.1002/sim.3095).
 */

/** The quantile of the normal distribution that leaves 2.5 % on each side. */
const Z = 1.96;

interface Sampled {
  /** installations of the sample that are in the audience */
  matched: number;
  /** all of the sample */
  looked: number;
  /** of what the sample was taken from, so many lie in this share (0 to 1) of the buckets */
  counted: number;
  share: number;
  /**
   * Installations that come together, weighted by themselves: those of one user, if the sample is one of
   * users (`looked` counts these). 1: each comes by itself.
   */
  together?: number;
}

export interface Interval {
  low: number;
  high: number;
}

/** `low <= about <= high`; all the same if all was looked at. */
export function intervalOf(sampled: Sampled): Interval & { about: number } {
  const { matched, looked, counted, share, together = 1 } = sampled;
  if (looked === 0 && share === 1 && counted === 0) return { about: 0, low: 0, high: 0 };
  const all = counted / share;
  const allWithin = countInterval(counted, share);
  const shares = shareInterval(matched / together, looked, all);
  const about = together * shares.share * all;
  // the number of all is off by so much, beside what the sample is
  const off = (it: number, by: number) => together * it * by;
  const below = Math.hypot(
    together * (shares.share - shares.low) * all,
    off(shares.share, all - allWithin.low),
  );
  const above = Math.hypot(
    together * (shares.high - shares.share) * all,
    off(shares.high, allWithin.high - all),
  );
  const rounded = Math.max(matched, Math.round(about));
  return {
    about: rounded,
    low: Math.min(rounded, Math.max(matched, Math.floor(about - below))),
    high: Math.max(rounded, Math.ceil(about + above)),
  };
}

/** Wilson's interval of a share, of which `of` are seen without replacement. */
function shareInterval(matched: number, looked: number, all: number): Interval & { share: number } {
  if (looked === 0) return { share: 0, low: 0, high: 1 };
  const share = matched / looked;
  const unseen = Math.max(0, 1 - looked / all);
  const z2 = (Z * Z * unseen) / looked;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = Math.sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2);
  return {
    share,
    low: Math.min(share, Math.max(0, middle - half)),
    high: Math.max(share, Math.min(1, middle + half)),
  };
}

/** The same for a number of which each is counted with the chance `share`. */
export function countInterval(counted: number, share: number): Interval {
  const unseen = Z * Z * (1 - share);
  const middle = counted + unseen / 2;
  const half = Math.sqrt(unseen * (counted + unseen / 4));
  return { low: Math.max(0, middle - half) / share, high: (middle + half) / share };
}
