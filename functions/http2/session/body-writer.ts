/**
 * Writes the bodies of requests and answers that must wait for flow control (RFC 9113, sections 5.2
 * and 6.9). Nearly every request's body leaves whole with its headers and does not come here.
 */

import { writeFrameHeader } from './frames.ts';
import * as F from './protocol.ts';
import type { Session } from './session.ts';

/** A stream with a body to be written. */
interface Outgoing {
  readonly id: number;
  /** what is left of its body; null: nothing waits */
  rest: Buffer | null;
  /** bytes of its window beyond the initial one; negative once it has sent */
  credit: number;
}

export interface BodyWriter<S extends Outgoing> {
  /** Writes as much of `body` as the windows allow, and the rest when they grow. */
  begin(stream: S, body: Buffer): void;
  /**
   * Handles WINDOW_UPDATE of a stream. Returns the error code for the stream if the increment is not
   * allowed, and NO_ERROR (0) otherwise.
   */
  credit(stream: S, increment: number): number;
  /** Continues all bodies that wait: the window of the connection grew. */
  resume(): void;
  /**
   * Continues all bodies that wait: SETTINGS made the windows of all `streams` larger.
   *
   * @throws ConnectionError if one of them is too large now (section 6.9.2)
   */
  windowsGrew(streams: Iterable<S>): void;
  /** The stream has ended, so the rest of its body is not written. */
  forget(stream: S): void;
}

/**
 * WINDOW_UPDATEs that a DATA frame entitles the peer to: one for the stream, one for the
 * connection.
 */
const FRAMES_PER_DATA = 2;

/** `written` is called when the whole body of a stream has been written. */
export function createBodyWriter<S extends Outgoing>(
  session: Session,
  written: (stream: S) => void,
): BodyWriter<S> {
  /** streams whose body waits, in the order in which they began */
  const blocked = new Set<S>();

  /** may be negative (section 6.9.2) */
  const windowOf = (stream: S) => session.peer.initialWindowSize + stream.credit;

  function write(stream: S) {
    const { output, peer } = session;
    let rest = stream.rest!;
    while (rest.length > 0) {
      const window = Math.min(session.sendWindow, windowOf(stream), peer.maxFrameSize);
      const size = Math.min(rest.length, window);
      if (size <= 0) {
        stream.rest = rest;
        return;
      }
      output.reserve(F.FRAME_HEADER + size);
      const flags = size === rest.length ? F.END_STREAM : 0;
      const head = { length: size, type: F.DATA, flags, id: stream.id };
      const at = writeFrameHeader(output.bytes, output.end, head);
      output.end = at + rest.copy(output.bytes, at, 0, size);
      session.sendWindow -= size;
      stream.credit -= size;
      session.earn(FRAMES_PER_DATA);
      rest = rest.subarray(size);
    }
    forget(stream);
    written(stream);
  }

  function resume() {
    for (const stream of blocked) {
      if (session.sendWindow <= 0) return;
      write(stream);
    }
  }

  function forget(stream: S) {
    if (stream.rest === null) return;
    stream.rest = null;
    blocked.delete(stream);
  }

  return {
    begin(stream, body) {
      stream.rest = body;
      blocked.add(stream);
      write(stream);
    },
    credit(stream, increment) {
      if (increment === 0) return F.PROTOCOL_ERROR;
      stream.credit += increment;
      if (windowOf(stream) > F.MAX_WINDOW) return F.FLOW_CONTROL_ERROR;
      if (stream.rest !== null) write(stream);
      return F.NO_ERROR;
    },
    resume,
    windowsGrew(streams) {
      for (const stream of streams)
        if (windowOf(stream) > F.MAX_WINDOW)
          throw new F.ConnectionError(F.FLOW_CONTROL_ERROR, 'a window of more than 2^31 - 1');
      resume();
    },
    forget,
  };
}
