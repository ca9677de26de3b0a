/** Requests that wait for a stream, oldest first. */

import type { Entry } from './entry.ts';

export interface WaitingList {
  oldest: Entry | null;
  newest: Entry | null;
  append(entry: Entry): void;
  /** Before those that came later; those that return together keep their order. */
  requeue(entry: Entry): void;
  /** The oldest; there must be one. */
  take(): Entry;
  /** What was just taken, to where it was. */
  putBack(entry: Entry): void;
}

export function createWaitingList(): WaitingList {
  /** the last one of those that returned, while it waits */
  let returned: Entry | null = null;
  let wasReturned = false;

  function prepend(entry: Entry) {
    const { oldest } = list;
    entry.next = oldest;
    if (oldest === null) list.newest = entry;
    else oldest.previous = entry;
    list.oldest = entry;
  }

  const list: WaitingList = {
    oldest: null,
    newest: null,

    append(entry) {
      const { newest } = list;
      entry.previous = newest;
      if (newest === null) list.oldest = entry;
      else newest.next = entry;
      list.newest = entry;
    },

    requeue(entry) {
      const after = returned;
      returned = entry;
      if (after === null) return prepend(entry);
      entry.previous = after;
      entry.next = after.next;
      if (after.next === null) list.newest = entry;
      else after.next.previous = entry;
      after.next = entry;
    },

    take() {
      const entry = list.oldest as Entry;
      wasReturned = entry === returned;
      if (wasReturned) returned = null;
      list.oldest = entry.next as Entry | null;
      if (list.oldest === null) list.newest = null;
      else list.oldest.previous = null;
      entry.next = null;
      return entry;
    },

    putBack(entry) {
      prepend(entry);
      if (wasReturned) returned = entry;
    },
  };
  return list;
}
