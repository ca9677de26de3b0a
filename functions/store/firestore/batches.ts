/** Writes of many documents, in batches that one transaction takes. */

import { chunkedBySize } from '../../lib/chunked.ts';

/** Items of a batch, unless the caller says less. */
const BATCH = 200;
/** Batches written at the same time. */
export const BATCHES_AT_ONCE = 4;
/** Bytes of a batch as JSON. A request holds 10 MiB, the emulator's 4. */
const MAX_BYTES = 3 * 1024 * 1024;

/** The items in batches of at most `most` items and 3 MiB, in order. */
export const batches = <T>(items: readonly T[], most = BATCH): T[][] =>
  chunkedBySize(items, { bytes: MAX_BYTES, most }, (it) => Buffer.byteLength(JSON.stringify(it)));
