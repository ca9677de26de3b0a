/**
 * The streams of a connection that are under way: found by their id, and in the order in which they
 * were opened, so that the oldest is always first.
 */

import type { Exchange } from './exchange.ts';

/** Plain fields for the table to change: getters would give the table of each connection its own shape. */
export interface StreamTable extends Iterable<Exchange> {
  count: number;
  first: Exchange | null;
  last: Exchange | null;
  find(id: number): Exchange | null;
  /** Ids only grow. */
  add(exchange: Exchange): void;
  /** Its id is 0 afterwards. */
  remove(exchange: Exchange): void;
}

/**
 * Streams are found in a ring of slots, as many as twice those that have been under way at once;
 * one that takes longer than the next so many moves to a map.
 */
const FIRST_SLOTS = 256;
const MOST_SLOTS = 4096;

export function createStreamTable(): StreamTable {
  let slots: (Exchange | null)[] = new Array(FIRST_SLOTS).fill(null);
  let mask = FIRST_SLOTS - 1;
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
    for (let it = table.first; it !== null; it = it.next) put(it);
  }

  const table: StreamTable = {
    count: 0,
    first: null,
    last: null,

    *[Symbol.iterator]() {
      for (let it = table.first; it !== null; it = it.next) yield it;
    },

    find(id) {
      const exchange = slots[(id >>> 1) & mask]!;
      if (exchange !== null && exchange.id === id) return exchange;
      return stragglers.size === 0 ? null : (stragglers.get(id) ?? null);
    },

    add(exchange) {
      if (2 * table.count >= slots.length && slots.length < MOST_SLOTS) grow();
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
