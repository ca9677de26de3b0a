/** Checks the frames of a peer and hands them to the parts that act on them (RFC 9113, section 6). */

import {
  protocolError,
  requireConnection,
  requireLength,
  requireSize,
  requireStream,
  stripPadding,
} from './checks.ts';
import type { Frame } from './frames.ts';
import type { ConnectionFrames } from './handler.ts';
import { createHeaderBlocks, type HeaderBlocksOptions } from './header-blocks.ts';
import * as F from './protocol.ts';

interface ReaderOptions extends HeaderBlocksOptions {
  connection: ConnectionFrames;
}

interface SessionReader {
  /** @throws ConnectionError or HpackError where the peer broke the protocol */
  onFrame(frame: Frame): void;
  /** Returns the highest stream that the peer has sent HEADERS on. */
  highestId(): number;
}

export function createSessionReader(options: ReaderOptions): SessionReader {
  const { handler, connection, budget } = options;
  const blocks = createHeaderBlocks(options);
  let greeted = false;

  function onFrame(frame: Frame) {
    const { type } = frame;
    if (blocks.openId !== 0 && (type !== F.CONTINUATION || frame.id !== blocks.openId))
      throw protocolError('a header block is interrupted');
    if (!greeted) {
      // the preface of both sides ends with SETTINGS (section 3.4)
      if (type !== F.SETTINGS || (frame.flags & F.ACK) !== 0)
        throw protocolError('the first frame is not SETTINGS');
      greeted = true;
    }
    if (type === F.HEADERS) blocks.headers(frame);
    else if (type === F.DATA) onData(frame);
    else if (type === F.CONTINUATION) blocks.continuation(frame);
    else onControl(frame);
  }

  function onData(frame: Frame) {
    requireStream(frame);
    const size = frame.to - frame.from;
    stripPadding(frame);
    if (frame.from === frame.to && (frame.flags & F.END_STREAM) === 0) budget.spend();
    connection.received(size);
    handler.data(frame, size);
  }

  /** Frames that only cost us. */
  function onControl(frame: Frame) {
    budget.spend();
    const { flags, id, bytes, from } = frame;
    switch (frame.type) {
      case F.WINDOW_UPDATE:
        return onWindowUpdate(frame);
      case F.RST_STREAM:
        requireStream(frame);
        requireSize(frame, 4);
        return handler.reset(id, bytes.readUInt32BE(from));
      case F.SETTINGS:
        requireConnection(frame);
        if ((flags & F.ACK) === 0) return connection.settings(frame);
        requireSize(frame, 0);
        return handler.acknowledged?.();
      case F.PING:
        requireConnection(frame);
        requireSize(frame, 8);
        return connection.ping(frame);
      case F.GOAWAY:
        requireConnection(frame);
        requireLength(frame, 8);
        return handler.goaway?.(
          bytes.readUInt32BE(from) & F.MAX_STREAM_ID,
          bytes.readUInt32BE(from + 4),
        );
      case F.PRIORITY:
        // deprecated (section 5.3.2): checked and ignored
        requireStream(frame);
        return requireSize(frame, 5);
      case F.PUSH_PROMISE:
        // a client never sends it, and our clients tell servers not to (section 8.4)
        throw protocolError('PUSH_PROMISE, which is switched off');
    }
  }

  function onWindowUpdate(frame: Frame) {
    requireSize(frame, 4);
    const increment = frame.bytes.readUInt32BE(frame.from) & F.MAX_WINDOW;
    if (frame.id !== 0) return handler.credit(frame.id, increment);
    if (increment === 0) throw protocolError('WINDOW_UPDATE of 0');
    connection.credit(increment);
  }

  return { onFrame, highestId: () => blocks.highestId };
}
