/**
 * What both halves of HTTP/2 have in common (RFC 9113): a connection's frames, SETTINGS, PING, the
 * header blocks in their order, the window of the connection, and bounds for all that a peer may
 * send without being asked. Streams are the halves' own: `connection.ts`, `server-connection.ts`.
 */

import type { TLSSocket } from 'node:tls';
import { createDecoder, HpackError } from '../hpack/decoder.ts';
import { createEncoder, type Encoder } from '../hpack/encoder.ts';
import { createBudget } from './budget.ts';
import * as F from './frames.ts';
import { createOutput, type Output } from './output.ts';
import { createSessionReader, type Half } from './reader.ts';
import { createSessionWriter, type SessionWriter, type SettingsList } from './writer.ts';

export interface SessionOptions {
  socket: TLSSocket;
  half: Half;
  isServer: boolean;
  /** announced at once; those that are not here keep the protocol's defaults */
  settings: SettingsList;
  /** bytes that may be on their way to us, for all streams together */
  receiveWindow: number;
  /** names and values of a header list, and 32 bytes for each field */
  maxListBytes: number;
}

export interface Session extends Omit<SessionWriter, 'writeFrame'> {
  readonly output: Output;
  readonly encoder: Encoder;
  readonly peer: F.PeerSettings;
  /** what may be sent on the connection; the halves subtract what they send */
  sendWindow: number;
  /** Calls back for all of a chunk that came. Never throws for what the peer sent. */
  receive(chunk: Buffer, from: number, to: number): void;
  /** Calls back when the answer comes; false: too many are under way. */
  ping(answered: () => void): boolean;
  /** See `budget.ts`. */
  spend(): void;
  earn(frames: number): void;
  /** Says GOAWAY, writes what is gathered and ends the socket; it is read no more. */
  close(lastStreamId: number, code: number, reason: string): void;
}

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
  const budget = createBudget(output);
  const { writeFrame, ...writer } = createSessionWriter(output, encoder, peer);
  const { writeNumber, writeSettings, writeGoaway } = writer;
  let closed = false;
  let prefaceLeft = isServer ? F.PREFACE.length : 0;
  /** received, and not given back by WINDOW_UPDATE */
  let taken = 0;
  let pings = 0;
  const waiting = new Map<number, () => void>();

  const reader = createSessionReader({
    ...{ half, decoder, budget, maxListBytes },
    connection: {
      settings(buffer, from, to) {
        const { initialWindowSize, headerTableSize } = peer;
        F.readSettings(peer, buffer, from, to);
        if (peer.headerTableSize !== headerTableSize) encoder.setMaxTableSize(peer.headerTableSize);
        // before anything that is written under the new settings
        writeFrame(F.SETTINGS, F.ACK, 0, 0);
        half.settings(peer.initialWindowSize - initialWindowSize);
      },
      ping(flags, buffer, from) {
        if ((flags & F.ACK) === 0) {
          const at = writeFrame(F.PING, F.ACK, 0, 8);
          buffer.copy(output.bytes, at, from, from + 8);
          return;
        }
        const sent = buffer.readUInt32BE(from + 4);
        const answered = waiting.get(sent);
        waiting.delete(sent);
        answered?.();
      },
      credit(increment) {
        if (session.sendWindow + increment > F.MAX_WINDOW)
          throw new F.ConnectionError(F.FLOW_CONTROL_ERROR, 'a window of more than 2^31 - 1');
        session.sendWindow += increment;
        half.writable();
      },
      received(size) {
        taken += size;
        // what came is used or dropped at once, so the window is given back whatever becomes of it,
        // and nobody can overdraw it
        if (taken <= receiveWindow / 2) return;
        writeNumber(F.WINDOW_UPDATE, 0, taken);
        taken = 0;
      },
    },
  });
  const frames = F.createFrameReader(F.DEFAULT_FRAME_SIZE, reader.onFrame);

  function receive(chunk: Buffer, from: number, to: number) {
    if (closed) return;
    try {
      frames.read(chunk, prefaceLeft > 0 ? readPreface(chunk, from, to) : from, to);
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
    // a client has none of the server's streams
    close(isServer ? reader.highest : 0, code, reason);
    half.failed(`the peer broke the protocol: ${reason}`);
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
    frames.stop();
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
    ...writer,
    ...budget,
    receive,
    ping,
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
