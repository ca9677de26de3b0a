/** What a session leaves to its side, the client or the server. */

import type { Frame } from './frames.ts';

/**
 * A side's share of the work. Its methods throw a ConnectionError where the peer broke the protocol.
 * A frame is good until the method returns.
 */
export interface SessionHandler {
  /** Gets a field of the header block that is being read; `headers` follows the last one. */
  field(name: string, value: string): void;
  /** See `DecoderOptions.wants`. */
  wants?: (name: string) => boolean;
  /** A header block is complete. `fits`: the list was within its bound, so `field` got all of it. */
  headers(id: number, endStream: boolean, fits: boolean): void;
  /** DATA without its padding. `size`: bytes of the payload with padding, which flow control counts. */
  data(frame: Frame, size: number): void;
  /** RST_STREAM with this error code. */
  reset(id: number, code: number): void;
  /** WINDOW_UPDATE of a stream, in bytes; 0 is not refused yet. */
  credit(id: number, increment: number): void;
  /** More may be written than before: a window grew, or the output drained. */
  writable(): void;
  /** The peer's SETTINGS were read. `grown`: bytes by which the initial window of streams changed. */
  settings(grown: number): void;
  /** The peer has acknowledged our SETTINGS. */
  acknowledged?(): void;
  /** See section 6.8. */
  goaway?(lastStreamId: number, code: number): void;
  /** Everything gathered so far is about to be written to the socket. */
  flushing?(): void;
  /** The peer broke the protocol, and the session has been closed. */
  failed(reason: string): void;
}

/** What a session does itself: the frames of the connection. */
export interface ConnectionFrames {
  settings(frame: Frame): void;
  ping(frame: Frame): void;
  /** WINDOW_UPDATE of the connection, in bytes, at least 1. */
  credit(increment: number): void;
  /** DATA of `size` bytes came on some stream; the window of the connection counts all of them. */
  received(size: number): void;
}
