/** The requests that wait for a stream, oldest first. */

import type { Entry } from './entry.ts';

export interface WaitingList {
  oldest: Entry | null;
  newest: Entry | null;
  /** Adds a new request as the newest. */
  append(entry: Entry): void;
  /**
   * Adds a request that was refused, before those that were never sent. Several in a row keep their
   * order.
   */
  requeue(entry: Entry): void;
  /** Removes and returns the oldest; the list must not be empty. */
  take(): Entry;
  /** Puts the entry that was just taken back to its place. */
  putBack(entry: Entry): void;
  /** Takes all that wait now, the oldest first; not those that `taken` adds meanwhile. */
  takeAll(taken: (entry: Entry) => void): void;
}

export function createWaitingList(): WaitingList {
  /** the last one that was added by `requeue`, while it waits */
  let returned: Entry | null = null;
  /** the entry taken last was that one */
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

    takeAll(taken) {
      const last = list.newest;
      while (list.oldest !== null) {
        const entry = list.take();
        taken(entry);
        if (entry === last) break;
      }
    },
  };
  return list;
}
