/** Ends many streams of a connection. Callbacks may end more of them meanwhile. */

import * as F from '../session/protocol.ts';
import type { Ending, Exchange } from './exchange.ts';
import type { StreamTable } from './stream-table.ts';

/** Ends one stream and removes it from its table. */
type End = (exchange: Exchange, ending: Ending, reason: string) => void;
/** Ends one stream and tells the peer by RST_STREAM with this code. */
type Cut = (exchange: Exchange, code: number, ending: Ending, reason: string) => void;

/** Cuts streams opened at `before` (milliseconds) or earlier, and returns how many those were. */
export function expireStreams(table: StreamTable, before: number, cut: Cut): number {
  let expired = 0;
  while (table.first !== null && table.first.openedAt <= before) {
    expired += 1;
    cut(table.first, F.CANCEL, 'no-answer', 'no answer within the deadline');
  }
  return expired;
}

/**
 * Ends streams above `id` as 'refused': GOAWAY says that they were not processed (RFC 9113, section
 * 6.8).
 */
export function refuseAbove(table: StreamTable, id: number, end: End) {
  let first: Exchange | null = null;
  let newer = table.last;
  while (newer !== null && newer.id > id) {
    first = newer;
    newer = newer.previous;
  }
  // oldest first; an exchange that a callback ended has no id, and all that follow it have ended too
  while (first !== null && first.id !== 0) {
    const next: Exchange | null = first.next;
    end(first, 'refused', 'GOAWAY');
    first = next;
  }
}

/** Ends every stream; those above `mayBeProcessed` are 'refused'. A 200 needs nothing more. */
export function endAll(table: StreamTable, mayBeProcessed: number, reason: string, end: End) {
  while (table.first !== null) {
    const exchange = table.first;
    if (exchange.status === 200) end(exchange, 'answered', '');
    else end(exchange, exchange.id > mayBeProcessed ? 'refused' : 'no-answer', reason);
  }
}
