/** The dynamic table of an encoder (RFC 7541, sections 2.3 and 4), its size as the peer allows. */

import { ENTRY_OVERHEAD, staticTable, type TableEntry } from './tables.ts';

/** Plain fields, which the table changes: read for every block, of one connection after another. */
export interface EncoderTable {
  /** Changes whenever an index may have come to mean another entry. */
  version: number;
  capacity: number;
  /** The index of the entry, 0 if there is none. */
  find(name: string, value: string): number;
  /** The index of an entry with this name, 0 if there is none; static ones first, they never move. */
  findName(name: string): number;
  /** 0 is not. */
  isStatic(index: number): boolean;
  /** The entry is not larger than the table. */
  insert(name: string, value: string): void;
  resize(capacity: number): void;
}

export const entrySize = (name: string, value: string): number =>
  name.length + value.length + ENTRY_OVERHEAD;

/** The first static entry of a name; others with the same name follow it. */
const firstOf = new Map<string, number>();
staticTable.forEach(({ name }, index) => {
  if (index > 0 && !firstOf.has(name)) firstOf.set(name, index);
});

/**
 * Searching is a scan: it happens when a template is built, not when it is used, and a table has a
 * dozen entries.
 */
export function createEncoderTable(capacity: number): EncoderTable {
  /** the newest first */
  const entries: TableEntry[] = [];
  let size = 0;

  function evict(room: number) {
    while (size > room) {
      const { name, value } = entries.pop()!;
      size -= entrySize(name, value);
    }
  }

  const table: EncoderTable = {
    version: 0,
    capacity,

    find(name, value) {
      for (let i = firstOf.get(name) ?? 0; staticTable[i]?.name === name; i++) {
        if (staticTable[i]!.value === value) return i;
      }
      const place = entries.findIndex((entry) => entry.name === name && entry.value === value);
      return place < 0 ? 0 : staticTable.length + place;
    },

    findName(name) {
      const first = firstOf.get(name);
      if (first !== undefined) return first;
      const place = entries.findIndex((entry) => entry.name === name);
      return place < 0 ? 0 : staticTable.length + place;
    },

    isStatic: (index) => index > 0 && index < staticTable.length,

    insert(name, value) {
      const added = entrySize(name, value);
      evict(table.capacity - added);
      entries.unshift({ name, value });
      size += added;
      table.version++;
    },

    resize(to) {
      table.capacity = to;
      evict(to);
      table.version++;
    },
  };
  return table;
}
