/**
 * Which of some installations are in a set that is read in the order of buckets. The two are merged: of the
 * set one part is in memory, and where the installations go on far ahead it is opened again from there.
 */

import { bucketIn } from '../model/receipt.ts';

/** How a set is read. */
interface Source {
  /**
   * Its names (`receiptName`) from a bucket on, in parts. Parts ascend by bucket; names of one bucket may
   * be in any order.
   */
  open(bucket: number): AsyncIterable<string[]>;
  /** opening it again costs little, so that gaps are not read */
  seeks: boolean;
}

/** Gaps of so many parts, by the width of the last one, are not read but passed over: opening reads a few. */
const GAP = 8;

export type Members = ReturnType<typeof createMembers>;

/** Calls follow each other. Installations may be anywhere: only forward is cheap. */
export function createMembers({ open, seeks }: Source) {
  let parts: AsyncIterator<string[]> | null = null;
  let ended = false;
  /** what was read and may still be asked for: names from `at` on */
  let names: string[] = [];
  let at = 0;
  /** below that bucket, names may have been dropped */
  let low = 0;
  /** buckets of the last part, and the last bucket that was read */
  let [width, last] = [Number.POSITIVE_INFINITY, -1];

  async function openAt(bucket: number) {
    await close();
    parts = open(bucket)[Symbol.asyncIterator]();
    ended = false;
    [names, at, low] = [[], 0, bucket];
    [width, last] = [Number.POSITIVE_INFINITY, bucket - 1];
  }

  async function close() {
    await parts?.return?.();
    parts = null;
  }

  /** Drops what is below the bucket, which is at least `low`. */
  function skipTo(bucket: number) {
    // of two texts with the same beginning the shorter one is the lower
    const first = bucket.toString(16).padStart(8, '0');
    while (at < names.length && names[at]! < first) at += 1;
    low = bucket;
  }

  const isFar = (bucket: number) => seeks && !ended && bucket - last > GAP * width;

  async function load(bucket: number) {
    if (parts === null || bucket < low || isFar(bucket)) await openAt(bucket);
    // two parts may have names of one bucket
    while (!ended && last <= bucket) {
      skipTo(Math.max(low, Math.min(bucket, last)));
      const { done, value } = await parts!.next();
      if (done) ended = true;
      else if (value.length > 0) add(value);
    }
  }

  function add(part: string[]) {
    const [from, to] = [bucketIn(part[0]!), bucketIn(part.at(-1)!)];
    // merging what is in no order would give a wrong audience
    if (from < last) throw new Error('the parts of a set are not in the order of buckets');
    names = at < names.length ? names.slice(at).concat(part) : part;
    at = 0;
    [width, last] = [to - from + 1, to];
  }

  return {
    /** Those of the names that are in the set; they ascend. */
    async among(wanted: readonly string[]): Promise<Set<string>> {
      const found = new Set<string>();
      for (const name of wanted) {
        const bucket = bucketIn(name);
        const isLoaded = parts !== null && bucket >= low && (ended || last > bucket);
        if (!isLoaded) await load(bucket);
        skipTo(bucket);
        for (let i = at; i < names.length && bucketIn(names[i]!) === bucket; i++)
          if (names[i] === name) found.add(name);
      }
      return found;
    },

    close,
  };
}
