/**
 * What both halves of HTTP/2 have in common (RFC 9113): a connection's frames, SETTINGS, PING, the
 * header blocks in their order, the window of the connection, and bounds for all that a peer may
 * send without being asked. Streams are the halves' own: `connection.ts`, `server.ts`.
 */

import type { TLSSocket } from 'node:tls';
import * as F from './frames.ts';
import { createDecoder, HpackError } from './hpack-decoder.ts';
import { createEncoder, type Encoder, type Template } from './hpack-encoder.ts';
import { createOutput, type Output } from './output.ts';

/** A half's share of the work. Throw a ConnectionError where the peer broke the protocol. */
export interface Half {
  /** A field of the header block that is being read; `headers` follows the last one. */
  field(name: string, value: string): void;
  /** See `DecoderOptions.wants`. */
  wants?: (name: string) => boolean;
  /** `fits`: the list was within its bound, `field` saw all of it. */
  headers(id: number, endStream: boolean, fits: boolean): void;
  /** `size` counts for flow control: the payload with its padding. */
  data(
    id: number,
    buffer: Buffer,
    from: number,
    to: number,
    size: number,
    endStream: boolean,
  ): void;
  reset(id: number, code: number): void;
  /** WINDOW_UPDATE of a stream. */
  credit(id: number, increment: number): void;
  /** More may be written than before: a window grew, or the output drained. */
  writable(): void;
  /** `grown`: by how much the initial window of streams changed. */
  settings(grown: number): void;
  /** The peer has read our SETTINGS. */
  acknowledged(): void;
  goaway(lastStreamId: number, code: number): void;
  /** What was gathered is about to be written. */
  flushing(): void;
  /** The peer broke the protocol or the connection; `close` has been called. */
  failed(reason: string): void;
}

export interface SessionOptions {
  socket: TLSSocket;
  half: Half;
  isServer: boolean;
  /** announced at once; those that are not here keep the protocol's defaults */
  settings: readonly (readonly [id: number, value: number])[];
  /** bytes that may be on their way to us, for all streams together */
  receiveWindow: number;
  /** names and values of a header list, and 32 bytes for each field */
  maxListBytes: number;
}

export interface Session {
  readonly output: Output;
  readonly encoder: Encoder;
  readonly peer: F.PeerSettings;
  /** what may be sent on the connection; the halves subtract what they send */
  sendWindow: number;
  /** Calls back for all of a chunk that came. Never throws for what the peer sent. */
  receive(chunk: Buffer, from: number, to: number): void;
  /** Writes a header block, in as many frames as it takes; there is room for all of it afterwards. */
  writeHeaders(
    id: number,
    template: Template,
    values: readonly string[],
    flags: number,
    more: number,
  ): void;
  writeSettings(settings: readonly (readonly [id: number, value: number])[]): void;
  /** A frame of one number: RST_STREAM or WINDOW_UPDATE. */
  writeNumber(type: number, id: number, value: number): void;
  /** `id`: the last stream of the peer that was, or may be, processed. */
  writeGoaway(id: number, code: number, reason: string): void;
  /** Calls back when the answer comes; false: too many are under way. */
  ping(answered: () => void): boolean;
  /** A frame that only costs us: a peer has some of them free, and earns more with work. */
  spend(): void;
  earn(frames: number): void;
  /** Says GOAWAY, writes what is gathered and ends the socket; it is read no more. */
  close(lastStreamId: number, code: number, reason: string): void;
}

/** A header block before it is decoded: Huffman at its worst is 30 bits for a character. */
const BLOCK_PER_LIST = 4;
/** Frames that ask for work and bring none: a burst of them, and then so many a second. */
const FREE_FRAMES = 4000;
const FREE_PER_MS = 1;
/** A peer that makes us write this much and reads nothing is not waited for. */
const MOST_PENDING = 8 * 1024 * 1024;
const MAX_PINGS = 8;
/** GOAWAY and the end of TLS are to reach the peer; one that does not read has this long. */
const END_MS = 1000;

export function createSession({
  socket,
  half,
  isServer,
  settings,
  receiveWindow,
  maxListBytes,
}: SessionOptions): Session {
  const peer = F.defaultSettings();
  const output = createOutput(socket, { flushing: half.flushing, drained: half.writable });
  const encoder = createEncoder({ maxTableSize: F.DEFAULT_TABLE_SIZE });
  const decoder = createDecoder({
    maxTableSize: F.DEFAULT_TABLE_SIZE,
    maxListBytes,
    ...(half.wants && { wants: half.wants }),
  });
  const reader = F.createFrameReader(F.DEFAULT_FRAME_SIZE, onFrame);
  const sink = half.field;
  let closed = false;
  let prefaceLeft = isServer ? F.PREFACE.length : 0;
  let greeted = false;
  /** the highest stream of a client; a client has none of the server's */
  let lastSeen = 0;

  // a header block that takes more than one frame
  let blockId = 0;
  let blockEnds = false;
  let block: Buffer[] = [];
  let blockBytes = 0;

  /** received, and not given back by WINDOW_UPDATE */
  let taken = 0;
  let freeFrames = FREE_FRAMES;
  let countedAt = performance.now();

  let pings = 0;
  const waiting = new Map<number, () => void>();

  // ------------------------------------------------------------------------------------ reading

  function receive(chunk: Buffer, from: number, to: number) {
    if (closed) return;
    try {
      reader.read(chunk, prefaceLeft > 0 ? readPreface(chunk, from, to) : from, to);
    } catch (error) {
      // after `closed` a handler's own call has ended it, and the rest does not matter
      if (closed) return;
      if (error instanceof F.ConnectionError) fail(error.code, error.message);
      else if (error instanceof HpackError) fail(F.COMPRESSION_ERROR, error.message);
      else throw error;
    }
  }

  function readPreface(chunk: Buffer, from: number, to: number): number {
    const start = F.PREFACE.length - prefaceLeft;
    const count = Math.min(prefaceLeft, to - from);
    if (F.PREFACE.compare(chunk, from, from + count, start, start + count) !== 0)
      throw new F.ConnectionError(F.PROTOCOL_ERROR, 'it does not begin with the preface');
    prefaceLeft -= count;
    return from + count;
  }

  function fail(code: number, reason: string) {
    close(lastSeen, code, reason);
    half.failed(`the peer broke the protocol: ${reason}`);
  }

  function onFrame(
    type: number,
    flags: number,
    id: number,
    buffer: Buffer,
    from: number,
    to: number,
  ) {
    if (blockId !== 0 && (type !== F.CONTINUATION || id !== blockId))
      throw broken('a header block is interrupted');
    if (!greeted) {
      if (type !== F.SETTINGS || (flags & F.ACK) !== 0)
        throw broken('the first frame is not SETTINGS');
      greeted = true;
    }
    switch (type) {
      case F.HEADERS:
        return onHeaders(flags, id, buffer, from, to);
      case F.DATA:
        return onData(flags, id, buffer, from, to);
      case F.CONTINUATION:
        return onContinuation(flags, id, buffer, from, to);
      case F.RST_STREAM:
        onStream(id, type);
        checkSize(to - from, 4);
        spend();
        return half.reset(id, buffer.readUInt32BE(from));
      case F.WINDOW_UPDATE:
        return onWindowUpdate(id, buffer, from, to);
      case F.SETTINGS:
        return onSettings(flags, id, buffer, from, to);
      case F.PING:
        return onPing(flags, id, buffer, from, to);
      case F.GOAWAY:
        onConnection(id, type);
        if (to - from < 8) throw new F.ConnectionError(F.FRAME_SIZE_ERROR, 'GOAWAY cut short');
        spend();
        return half.goaway(
          buffer.readUInt32BE(from) & F.MAX_STREAM_ID,
          buffer.readUInt32BE(from + 4),
        );
      case F.PRIORITY:
        onStream(id, type);
        checkSize(to - from, 5);
        return spend();
      case F.PUSH_PROMISE:
        // never by a client; and a server is told not to (section 8.4)
        throw broken('PUSH_PROMISE, which is switched off');
      default:
        spend();
    }
  }

  function onHeaders(flags: number, id: number, buffer: Buffer, from: number, to: number) {
    onStream(id, F.HEADERS);
    if (isServer && id > lastSeen) lastSeen = id;
    let start = from;
    let end = to;
    if ((flags & F.PADDED) !== 0) {
      end -= paddingOf(buffer, from, to);
      start += 1;
    }
    if ((flags & F.PRIORITIZED) !== 0) start += 5;
    if (start > end) throw broken('HEADERS is shorter than its padding and priority');
    const endStream = (flags & F.END_STREAM) !== 0;
    if ((flags & F.END_HEADERS) !== 0)
      return half.headers(id, endStream, decoder.decode(buffer, start, end, sink));
    blockId = id;
    blockEnds = endStream;
    keepBlock(buffer, start, end);
  }

  function onContinuation(flags: number, id: number, buffer: Buffer, from: number, to: number) {
    if (blockId === 0) throw broken('CONTINUATION without HEADERS');
    spend();
    keepBlock(buffer, from, to);
    if ((flags & F.END_HEADERS) === 0) return;
    const whole = Buffer.concat(block, blockBytes);
    block = [];
    blockBytes = 0;
    blockId = 0;
    half.headers(id, blockEnds, decoder.decode(whole, 0, whole.length, sink));
  }

  function keepBlock(buffer: Buffer, from: number, to: number) {
    blockBytes += to - from;
    if (blockBytes > maxListBytes * BLOCK_PER_LIST)
      throw new F.ConnectionError(F.ENHANCE_YOUR_CALM, 'a header block without end');
    if (to > from) block.push(Buffer.from(buffer.subarray(from, to)));
  }

  function onData(flags: number, id: number, buffer: Buffer, from: number, to: number) {
    onStream(id, F.DATA);
    const size = to - from;
    let start = from;
    let end = to;
    if ((flags & F.PADDED) !== 0) {
      end -= paddingOf(buffer, from, to);
      start += 1;
    }
    const endStream = (flags & F.END_STREAM) !== 0;
    if (start === end && !endStream) spend();
    taken += size;
    // what came is used or dropped at once, so the window is given back whatever becomes of it, and
    // nobody can overdraw it
    if (taken > receiveWindow / 2) {
      writeNumber(F.WINDOW_UPDATE, 0, taken);
      taken = 0;
    }
    half.data(id, buffer, start, end, size, endStream);
  }

  function paddingOf(buffer: Buffer, from: number, to: number): number {
    if (from === to)
      throw new F.ConnectionError(F.FRAME_SIZE_ERROR, 'padded, with no length of it');
    const padding = buffer[from]!;
    if (padding >= to - from) throw broken('more padding than there is frame');
    return padding;
  }

  function onWindowUpdate(id: number, buffer: Buffer, from: number, to: number) {
    checkSize(to - from, 4);
    spend();
    const increment = buffer.readUInt32BE(from) & F.MAX_WINDOW;
    if (id !== 0) return half.credit(id, increment);
    if (increment === 0) throw broken('WINDOW_UPDATE of nothing');
    if (session.sendWindow + increment > F.MAX_WINDOW)
      throw new F.ConnectionError(F.FLOW_CONTROL_ERROR, 'a window of more than 2^31 - 1');
    session.sendWindow += increment;
    half.writable();
  }

  function onSettings(flags: number, id: number, buffer: Buffer, from: number, to: number) {
    onConnection(id, F.SETTINGS);
    spend();
    if ((flags & F.ACK) !== 0) {
      checkSize(to - from, 0);
      return half.acknowledged();
    }
    const { initialWindowSize, headerTableSize } = peer;
    F.readSettings(peer, buffer, from, to);
    if (peer.headerTableSize !== headerTableSize) encoder.setMaxTableSize(peer.headerTableSize);
    // before anything that is written under the new settings
    writeFrame(F.SETTINGS, F.ACK, 0, 0);
    half.settings(peer.initialWindowSize - initialWindowSize);
  }

  function onPing(flags: number, id: number, buffer: Buffer, from: number, to: number) {
    onConnection(id, F.PING);
    checkSize(to - from, 8);
    spend();
    if ((flags & F.ACK) !== 0) {
      const sent = buffer.readUInt32BE(from + 4);
      const answered = waiting.get(sent);
      waiting.delete(sent);
      return answered?.();
    }
    const at = writeFrame(F.PING, F.ACK, 0, 8);
    buffer.copy(output.bytes, at, from, to);
  }

  // ------------------------------------------------------------------------------------- bounds

  function spend() {
    freeFrames -= 1;
    if (freeFrames > 0) return;
    const now = performance.now();
    freeFrames = Math.min(FREE_FRAMES, Math.floor((now - countedAt) * FREE_PER_MS));
    countedAt = now;
    if (freeFrames <= 0 || output.pending > MOST_PENDING)
      throw new F.ConnectionError(F.ENHANCE_YOUR_CALM, 'too many frames that bring nothing');
  }

  function earn(frames: number) {
    if (freeFrames < FREE_FRAMES) freeFrames += frames;
  }

  // ------------------------------------------------------------------------------------ writing

  /** Where the payload goes; `length` bytes of it are taken to be written. */
  function writeFrame(type: number, flags: number, id: number, length: number): number {
    output.reserve(F.FRAME_HEADER + length);
    const at = F.writeFrameHeader(output.bytes, output.end, length, type, flags, id);
    output.end = at + length;
    return at;
  }

  function writeNumber(type: number, id: number, value: number) {
    const at = writeFrame(type, 0, id, 4);
    output.bytes.writeUInt32BE(value, at);
  }

  function writeSettings(list: SessionOptions['settings']) {
    const payload = F.settingsPayload(list);
    payload.copy(output.bytes, writeFrame(F.SETTINGS, 0, 0, payload.length));
  }

  function writeGoaway(id: number, code: number, reason: string) {
    const debug = Buffer.from(reason);
    const at = writeFrame(F.GOAWAY, 0, 0, 8 + debug.length);
    output.bytes.writeUInt32BE(id, at);
    output.bytes.writeUInt32BE(code, at + 4);
    debug.copy(output.bytes, at + 8);
  }

  function writeHeaders(
    id: number,
    template: Template,
    values: readonly string[],
    flags: number,
    more: number,
  ) {
    let bound = template.bound;
    for (let i = 0; i < values.length; i++) bound += values[i]!.length;
    const frames = bound > F.DEFAULT_FRAME_SIZE ? Math.ceil(bound / peer.maxFrameSize) + 1 : 1;
    output.reserve(bound + frames * F.FRAME_HEADER + more);
    const { bytes } = output;
    const start = output.end + F.FRAME_HEADER;
    const end = encoder.encode(bytes, start, template, values);
    const length = end - start;
    if (length <= peer.maxFrameSize) {
      F.writeFrameHeader(bytes, output.end, length, F.HEADERS, flags | F.END_HEADERS, id);
      output.end = end;
      return;
    }
    const encoded = Buffer.from(bytes.subarray(start, end));
    for (let from = 0; from < length; from += peer.maxFrameSize) {
      const to = Math.min(length, from + peer.maxFrameSize);
      const type = from === 0 ? F.HEADERS : F.CONTINUATION;
      const ends = to === length ? F.END_HEADERS : 0;
      const at = writeFrame(type, (from === 0 ? flags : 0) | ends, id, to - from);
      encoded.copy(output.bytes, at, from, to);
    }
  }

  function ping(answered: () => void): boolean {
    if (closed || waiting.size >= MAX_PINGS) return false;
    pings = (pings + 1) >>> 0;
    waiting.set(pings, answered);
    const at = writeFrame(F.PING, 0, 0, 8);
    output.bytes.writeUInt32BE(0, at);
    output.bytes.writeUInt32BE(pings, at + 4);
    return true;
  }

  function close(lastStreamId: number, code: number, reason: string) {
    if (closed) return;
    closed = true;
    reader.stop();
    waiting.clear();
    if (socket.destroyed) return output.close();
    writeGoaway(lastStreamId, code, code === F.NO_ERROR ? '' : reason);
    output.flush();
    output.close();
    // read on, though nobody listens: closing with bytes unread resets the flow, and what was just
    // written could be lost with it
    socket.end();
    socket.resume();
    const late = setTimeout(() => socket.destroy(), END_MS).unref();
    socket.once('close', () => clearTimeout(late));
  }

  const session: Session = {
    output,
    encoder,
    peer,
    sendWindow: F.DEFAULT_WINDOW,
    receive,
    writeHeaders,
    writeSettings,
    writeNumber,
    writeGoaway,
    ping,
    spend,
    earn,
    close,
  };
  if (!isServer) {
    output.reserve(F.PREFACE.length);
    output.end += F.PREFACE.copy(output.bytes, output.end);
  }
  writeSettings(settings);
  if (receiveWindow > F.DEFAULT_WINDOW)
    writeNumber(F.WINDOW_UPDATE, 0, receiveWindow - F.DEFAULT_WINDOW);
  return session;
}

const broken = (what: string) => new F.ConnectionError(F.PROTOCOL_ERROR, what);

function onStream(id: number, type: number) {
  if (id === 0) throw broken(`a frame of type ${type} on no stream`);
}

function onConnection(id: number, type: number) {
  if (id !== 0) throw broken(`a frame of type ${type} on a stream`);
}

function checkSize(size: number, expected: number) {
  if (size !== expected)
    throw new F.ConnectionError(F.FRAME_SIZE_ERROR, `a frame of ${size} bytes, not ${expected}`);
}
