/** Buckets: the order in which installations are read, in ranges of equal share. */

import { hash } from 'node:crypto';

export const BUCKETS = 2 ** 32;

/**
 * The first four bytes of the id's SHA-256, as an unsigned integer: uniform whatever ids look
 * like, and any database can compute it.
 */
export const bucketOf = (id: string) => Number.parseInt(hash('sha256', id).slice(0, 8), 16);

/** Buckets from (inclusive) to (exclusive). */
export interface BucketRange {
  from: number;
  to: number;
}

/** Where a reader of an audience stands: the last installation it has seen. */
export interface Cursor {
  bucket: number;
  id: string;
}
