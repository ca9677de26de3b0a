/** The static and the dynamic table of an encoder (RFC 7541, sections 2.3 and 4). */

import { ENTRY_OVERHEAD, staticTable, type TableEntry } from './tables.ts';

/**
 * `version` and `capacity` are plain fields that only the table changes. They are read for every
 * block; getters would give the table of each connection a hidden class of its own.
 */
export interface EncoderTable {
  /** Changes whenever an index may stand for another entry than before. */
  version: number;
  /** bytes that the dynamic entries may take */
  capacity: number;
  /** Returns the index of the entry, or 0 if there is none. */
  find(name: string, value: string): number;
  /** Returns the index of an entry with this name, or 0. Prefers static ones, which never move. */
  findName(name: string): number;
  /** Tells whether `index` is one of the static table; 0 is not. */
  isStatic(index: number): boolean;
  /** Adds the newest entry and evicts old ones (section 4.4). It must not be larger than the table. */
  insert(name: string, value: string): void;
  /** Sets the capacity and evicts what no longer fits (section 4.3). */
  resize(capacity: number): void;
}

/** Bytes that an entry counts in a table (section 4.1). */
export const entrySize = (name: string, value: string): number =>
  name.length + value.length + ENTRY_OVERHEAD;

/** By name: the index of its first static entry. Other entries with the same name follow it. */
const firstOf = new Map<string, number>();
staticTable.forEach(({ name }, index) => {
  if (index > 0 && !firstOf.has(name)) firstOf.set(name, index);
});

/** Searches by scanning: that happens when a template is built, not when it is used. */
export function createEncoderTable(capacity: number): EncoderTable {
  /** newest first */
  const entries: TableEntry[] = [];
  let size = 0;

  function evictTo(bytes: number) {
    while (size > bytes) {
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
      evictTo(table.capacity - added);
      entries.unshift({ name, value });
      size += added;
      table.version++;
    },

    resize(to) {
      table.capacity = to;
      evictTo(to);
      table.version++;
    },
  };
  return table;
}
