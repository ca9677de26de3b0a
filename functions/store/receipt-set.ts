/**
 * A set of receipts, packed: entries of 12 bytes in the order of their names, each the name of an installation
 * (`receiptName`) and the time, in seconds since the epoch.
 */

import { RECEIPT_NAME_BYTES } from '../model/receipt.ts';

const ENTRY = RECEIPT_NAME_BYTES + 4;

export interface Entry {
  /** 16 hex digits */
  name: string;
  /** ms since the epoch; kept to the second */
  at: number;
}

export const sizeOf = (set: Buffer) => set.length / ENTRY;

/** The position of a name, or of the first one behind it. */
function search(set: Buffer, name: Buffer): { index: number; isThere: boolean } {
  let [low, high] = [0, sizeOf(set)];
  while (low < high) {
    const middle = (low + high) >> 1;
    const start = middle * ENTRY;
    const order = set.compare(name, 0, RECEIPT_NAME_BYTES, start, start + RECEIPT_NAME_BYTES);
    if (order === 0) return { index: middle, isThere: true };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { index: low, isThere: false };
}

/** The set with the entries that it lacks, and the names of these. Of equal names the first counts. */
export function withEntries(set: Buffer, entries: readonly Entry[]) {
  const added = new Set<string>();
  const parts: Buffer[] = [];
  let from = 0;
  for (const { name, at } of entries.toSorted((a, b) =>
    a.name < b.name ? -1 : Number(a.name > b.name),
  )) {
    const entry = Buffer.alloc(ENTRY);
    entry.write(name, 'hex');
    entry.writeUInt32BE(Math.max(0, Math.floor(at / 1000)), RECEIPT_NAME_BYTES);
    const { index, isThere } = search(set, entry);
    if (isThere || added.has(name)) continue;
    added.add(name);
    parts.push(set.subarray(from, index * ENTRY), entry);
    from = index * ENTRY;
  }
  return { set: Buffer.concat([...parts, set.subarray(from)]), added };
}

/** The time of a name in ms, and the set without it; null if it is not in the set. */
export function taken(set: Buffer, name: string): { at: number; rest: Buffer } | null {
  const { index, isThere } = search(set, Buffer.from(name, 'hex'));
  if (!isThere) return null;
  const start = index * ENTRY;
  return {
    at: set.readUInt32BE(start + RECEIPT_NAME_BYTES) * 1000,
    rest: Buffer.concat([set.subarray(0, start), set.subarray(start + ENTRY)]),
  };
}

export const entriesOf = (set: Buffer): Entry[] =>
  Array.from({ length: sizeOf(set) }, (_, index) => {
    const start = index * ENTRY;
    return {
      name: set.toString('hex', start, start + RECEIPT_NAME_BYTES),
      at: set.readUInt32BE(start + RECEIPT_NAME_BYTES) * 1000,
    };
  });
