/**
 * Bodies that wait for windows (RFC 9113, section 6.9), of requests and of answers alike. Nearly
 * every body leaves whole with its headers; what is here is for the others.
 */

import * as F from './frames.ts';
import type { Session } from './session.ts';

/** A stream with a body to be written. */
export interface Outgoing {
  readonly id: number;
  /** what is left of its body */
  rest: Buffer | null;
  /** its window beyond the initial one */
  credit: number;
}

export interface BodyWriter<S extends Outgoing> {
  /** As much of `body` as the windows allow; the rest when they grow. */
  begin(stream: S, body: Buffer): void;
  /** WINDOW_UPDATE of a stream. The code of the error when that is not allowed, or 0. */
  credit(stream: S, increment: number): number;
  /** Goes on with all that wait: the window of the connection grew, or the initial one. */
  resume(): void;
  /** The stream has ended, nothing of it is written any more. */
  forget(stream: S): void;
  /**
   * @throws ConnectionError when SETTINGS make a window of one of `streams` too large (section 6.9.2)
   */
  checkWindows(streams: Iterable<S>): void;
}

/** A window of a byte takes two WINDOW_UPDATEs for each: slow, and nobody's fault. */
const FRAMES_PER_DATA = 2;

/** `written`: the body of a stream has left. */
export function createBodyWriter<S extends Outgoing>(
  session: Session,
  written: (stream: S) => void,
): BodyWriter<S> {
  /** streams with a `rest`, in the order they came */
  const blocked = new Set<S>();
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
      const at = F.writeFrameHeader(output.bytes, output.end, size, F.DATA, flags, stream.id);
      output.end = at + rest.copy(output.bytes, at, 0, size);
      session.sendWindow -= size;
      stream.credit -= size;
      session.earn(FRAMES_PER_DATA);
      rest = rest.subarray(size);
    }
    forget(stream);
    written(stream);
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
    resume() {
      for (const stream of blocked) {
        if (session.sendWindow <= 0) return;
        write(stream);
      }
    },
    forget,
    checkWindows(streams) {
      for (const stream of streams)
        if (windowOf(stream) > F.MAX_WINDOW)
          throw new F.ConnectionError(F.FLOW_CONTROL_ERROR, 'a window of more than 2^31 - 1');
    },
  };
}
