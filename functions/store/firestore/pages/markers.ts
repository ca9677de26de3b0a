/**
 * Markers: when an installation last changed, and which ones are gone. Every write of an installation
 * puts them, and pages are read together with them.
 *
 * Their time is a read time of the transaction that writes them, on Firestore's clock. So a marker is
 * never ahead of its commit, at most 270 s behind it (a transaction lives no longer:
 * https://firebase.google.com/docs/firestore/quotas), and never moves backward.
 */

import { BUCKETS, type BucketRange } from '../../../model/bucket.ts';
import { appName, END } from '../schema.ts';

const MINUTE_MS = 60 * 1000;

/** Parts of an app's buckets, each with markers of its own: the first hex digit of a bucket. */
export const CELLS = [...'0123456789abcdef'] as const;

/**
 * How much earlier than a read time is the time through which all changes are known to be in what was
 * read: the longest transaction, and a minute to spare.
 */
export const LANDED_MS = 330 * 1000;

/** How long it is kept that an installation is gone: longer than any page lives, which is 30 days. */
export const GONE_DAYS = 35;

/** `bucket` is below BUCKETS. */
export const cellOf = (bucket: number): string =>
  CELLS[Math.floor(bucket / (BUCKETS / CELLS.length))]!;

/** The buckets of the cell in which a bucket lies. */
export function cellRange(bucket: number): BucketRange {
  const width = BUCKETS / CELLS.length;
  const from = Math.floor(bucket / width) * width;
  return { from, to: from + width };
}

const minuteOf = (ms: number) => String(Math.max(0, Math.floor(ms / MINUTE_MS))).padStart(8, '0');

/** The field `changed` of an installation of that cell that changed at that time (ms). */
export const changedName = (app: string, cell: string, ms: number) =>
  `${appName(app)}${END}${cell}${END}${minuteOf(ms)}`;

/** The time (ms) of a field `changed`, at the beginning of its minute. NaN if it is no marker. */
export const changedAt = (changed: string) =>
  Number(/~[0-9a-f]~(\d{8})$/.exec(changed)?.[1] ?? Number.NaN) * MINUTE_MS;

/** The name of a document in `gone`. `random` tells apart those of a minute, and has no `~`. */
export const goneName = (app: string, cell: string, ms: number, random: string) =>
  `${changedName(app, cell, ms)}${END}${random}`;

/**
 * Where the markers of a cell lie that are of that time (ms) or later: of `changed`, and of the names of
 * documents in `gone`. From the first (inclusive) to the second (exclusive); no other app or cell has a
 * marker between them, since an app's name here has no `~`.
 */
export const markedSince = (app: string, cell: string, ms: number): [from: string, to: string] => [
  changedName(app, cell, ms),
  `${appName(app)}${END}${cell}${END}${END}`,
];
