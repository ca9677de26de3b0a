/**
 * The open streams of a connection, found by their id, and as a list in the order in which they were
 * opened, so that the oldest is always first.
 */

import type { Exchange } from './exchange.ts';

/**
 * Plain fields that only the table changes: getters would give each table a hidden class of its
 * own.
 */
export interface StreamTable extends Iterable<Exchange> {
  count: number;
  /** the oldest */
  first: Exchange | null;
  /** the newest */
  last: Exchange | null;
  /** Returns the exchange of an open stream, or null. */
  find(id: number): Exchange | null;
  /** Adds an exchange; its id is higher than those of all before. */
  add(exchange: Exchange): void;
  /** Removes an exchange and sets its id to 0. */
  remove(exchange: Exchange): void;
}

/**
 * Streams lie in a ring of slots, at least twice as many as are open at a time, so that an id is found
 * by its lowest bits. A stream that outlives a whole round of the ring moves to a map.
 */
const FIRST_SLOTS = 256;
const MAX_SLOTS = 4096;

export function createStreamTable(): StreamTable {
  let slots: (Exchange | null)[] = new Array(FIRST_SLOTS).fill(null);
  let mask = FIRST_SLOTS - 1;
  /** streams whose slot was taken by a newer one */
  const stragglers = new Map<number, Exchange>();

  function put(exchange: Exchange) {
    const slot = (exchange.id >>> 1) & mask;
    const straggler = slots[slot]!;
    if (straggler !== null) stragglers.set(straggler.id, straggler);
    slots[slot] = exchange;
  }

  function grow() {
    slots = new Array(2 * slots.length).fill(null);
    mask = slots.length - 1;
    stragglers.clear();
    for (let exchange = table.first; exchange !== null; exchange = exchange.next) put(exchange);
  }

  const table: StreamTable = {
    count: 0,
    first: null,
    last: null,

    *[Symbol.iterator]() {
      for (let exchange = table.first; exchange !== null; exchange = exchange.next) yield exchange;
    },

    find(id) {
      const exchange = slots[(id >>> 1) & mask]!;
      if (exchange !== null && exchange.id === id) return exchange;
      return stragglers.size === 0 ? null : (stragglers.get(id) ?? null);
    },

    add(exchange) {
      if (2 * table.count >= slots.length && slots.length < MAX_SLOTS) grow();
      put(exchange);
      const { last } = table;
      exchange.previous = last;
      if (last === null) table.first = exchange;
      else last.next = exchange;
      table.last = exchange;
      table.count += 1;
    },

    remove(exchange) {
      const slot = (exchange.id >>> 1) & mask;
      if (slots[slot] === exchange) slots[slot] = null;
      else stragglers.delete(exchange.id);
      const { previous, next } = exchange;
      if (previous === null) table.first = next;
      else previous.next = next;
      if (next === null) table.last = previous;
      else next.previous = previous;
      exchange.previous = null;
      exchange.next = null;
      exchange.id = 0;
      table.count -= 1;
    },
  };
  return table;
}
