/** Buckets: the order in which installations are read. Ranges of equal width hold equal shares of them. */

import { hash } from 'node:crypto';

export const BUCKETS = 2 ** 32;

/**
 * The bucket of an id: the first four bytes of its SHA-256, as an unsigned integer. It is uniform for
 * any form of ids, and any database can compute it.
 */
export const bucketOf = (id: string) => Number.parseInt(hash('sha256', id).slice(0, 8), 16);

/** The buckets from `from` (inclusive) to `to` (exclusive). */
export interface BucketRange {
  from: number;
  to: number;
}

/** The position of a reader of an audience: the last installation it has read. */
export interface Cursor {
  bucket: number;
  id: string;
}
