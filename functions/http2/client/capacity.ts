/** How many streams a connection to a provider may open. */

import type { Session } from '../session/session.ts';
import type { StreamTable } from './stream-table.ts';

interface Capacity {
  /** Returns how many streams may be opened now, 0 or less if none may. */
  room(): number;
  /** The peer has announced its limit of open streams. */
  setLimit(maxStreams: number): void;
  /** The window or the output has changed: announces room if there was none because of them. */
  recheck(): void;
}

/** Streams at a peer that sets no limit; providers allow 100 (FCM) to 1,500 (APNs, seen). */
const MAX_STREAMS = 2000;

/** `announce` is called when more streams may be opened than before. */
export function createCapacity(
  session: Pick<Session, 'sendWindow' | 'output'>,
  table: StreamTable,
  announce: () => void,
): Capacity {
  let limit = 0;
  /** `room` returned 0 because of the window or the output */
  let held = false;

  function room(): number {
    if (session.sendWindow > 0 && !session.output.isFull()) return limit - table.count;
    held = true;
    return 0;
  }

  return {
    room,
    setLimit(maxStreams) {
      limit = Math.min(maxStreams, MAX_STREAMS);
      announce();
    },
    recheck() {
      if (!held || room() <= 0) return;
      held = false;
      announce();
    },
  };
}
