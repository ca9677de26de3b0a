/**
 * The indexed fields of a decoder: the static table, and the dynamic one after it (RFC 7541,
 * section 2.3).
 */

import { HpackError } from './errors.ts';

export interface Field {
  readonly name: string;
  /** '' if the field is not wanted */
  readonly value: string;
  /** bytes that count for the table and for the list (section 4.1) */
  readonly size: number;
  readonly wanted: boolean;
}

interface DecoderTable {
  /** bytes that the dynamic entries may take; only `resize` changes it */
  capacity: number;
  /** @throws HpackError if `index` has no entry (section 2.3.3) */
  entryAt(index: number): Field;
  /** Adds the newest entry and evicts the oldest ones until it fits (section 4.4). */
  insert(field: Field): void;
  /** Sets the capacity and evicts what no longer fits (section 4.3). */
  resize(capacity: number): void;
}

/** A power of two; the ring doubles while its entries fit into the capacity. */
const FIRST_SLOTS = 16;

/** `constant`: the static table, its entry 0 unused. `capacity`: in bytes. */
export function createDecoderTable(constant: readonly Field[], capacity: number): DecoderTable {
  /** a ring; `newest` is the place of index 62 */
  let ring: (Field | undefined)[] = new Array(FIRST_SLOTS);
  let newest = 0;
  let count = 0;
  let size = 0;

  function entryAt(index: number): Field {
    if (index < constant.length && index > 0) return constant[index]!;
    const age = index - constant.length;
    if (index === 0 || age >= count) throw new HpackError('index out of range');
    return ring[(newest - age) & (ring.length - 1)]!;
  }

  function insert(field: Field): void {
    evictTo(table.capacity - field.size);
    // a field larger than the table empties it, and that is no error (section 4.4)
    if (field.size > table.capacity) return;
    if (count === ring.length) grow();
    newest = (newest + 1) & (ring.length - 1);
    ring[newest] = field;
    count++;
    size += field.size;
  }

  function evictTo(bytes: number): void {
    while (count > 0 && size > bytes) {
      const oldest = (newest - count + 1) & (ring.length - 1);
      size -= ring[oldest]!.size;
      ring[oldest] = undefined;
      count--;
    }
  }

  function grow(): void {
    const larger: (Field | undefined)[] = new Array(ring.length * 2);
    for (let age = 0; age < count; age++) {
      larger[count - 1 - age] = ring[(newest - age) & (ring.length - 1)];
    }
    newest = count - 1;
    ring = larger;
  }

  const table: DecoderTable = {
    capacity,
    entryAt,
    insert,
    resize(to) {
      table.capacity = to;
      evictTo(to);
    },
  };
  return table;
}
