/**
 * What a client and a server of HTTP/2 have in common (RFC 9113): the frames of a connection,
 * SETTINGS, PING, header blocks in their order, the window of the connection, and bounds for
 * everything that a peer may send unasked. Streams belong to the two sides: `client/streams.ts` and
 * `server/connection.ts`.
 */

import type { TLSSocket } from 'node:tls';
import { createDecoder } from '../hpack/decoder.ts';
import { createEncoder, type Encoder } from '../hpack/encoder.ts';
import { HpackError } from '../hpack/errors.ts';
import { type Budget, createBudget } from './budget.ts';
import { createConnectionFrames } from './connection-frames.ts';
import { createFrameReader } from './frames.ts';
import type { SessionHandler } from './handler.ts';
import { createOutput, type Output } from './output.ts';
import { createPings } from './pings.ts';
import { createPrefaceReader } from './preface.ts';
import * as F from './protocol.ts';
import { createSessionReader } from './reader.ts';
import { defaultSettings, type PeerSettings, type SettingsList } from './settings.ts';
import { createSessionWriter, type SessionWriter } from './writer.ts';

interface SessionOptions {
  /** its handshake has ended */
  socket: TLSSocket;
  handler: SessionHandler;
  isServer: boolean;
  /** announced in the first frame; settings that are not listed keep the protocol's defaults */
  settings: SettingsList;
  /** bytes that may be on their way to us, for all streams together */
  receiveWindow: number;
  /** bytes of a header list that we take: names, values and 32 for each field */
  maxListBytes: number;
}

export interface Session extends Omit<SessionWriter, 'writeFrame'>, Budget {
  readonly output: Output;
  readonly encoder: Encoder;
  readonly peer: PeerSettings;
  /** bytes that may be sent on the connection; the two sides subtract what they send */
  sendWindow: number;
  /** Reads bytes `from` to `to` of a chunk that came. Never throws for what the peer sent. */
  receive(chunk: Buffer, from: number, to: number): void;
  /**
   * Sends a PING and calls back when its answer comes. False: too many are waiting, or it is
   * closed.
   */
  ping(answered: () => void): boolean;
  /** Sends GOAWAY and what is gathered, then ends the socket and reads nothing more. */
  close(lastStreamId: number, code: number, reason: string): void;
}

/** GOAWAY and the end of TLS are to reach the peer; one that does not read them has this long. */
const END_MS = 1000;

export function createSession(options: SessionOptions): Session {
  const { socket, handler, isServer, receiveWindow, maxListBytes } = options;
  const peer = defaultSettings();
  const output = createOutput(socket, handler);
  const encoder = createEncoder({ maxTableSize: F.DEFAULT_TABLE_SIZE });
  const decoder = createDecoder({
    maxTableSize: F.DEFAULT_TABLE_SIZE,
    maxListBytes,
    ...(handler.wants && { wants: handler.wants }),
  });
  const budget = createBudget(output);
  const writer = createSessionWriter(output, encoder, peer);
  const pings = createPings(writer, output);
  const skipPreface = isServer ? createPrefaceReader() : null;
  let closed = false;

  function receive(chunk: Buffer, from: number, to: number) {
    if (closed) return;
    try {
      frames.read(chunk, skipPreface === null ? from : skipPreface(chunk, from, to), to);
    } catch (error) {
      // a handler has closed the session, so the rest of the chunk does not matter
      if (closed) return;
      if (error instanceof F.ConnectionError) fail(error.code, error.message);
      else if (error instanceof HpackError) fail(F.COMPRESSION_ERROR, error.message);
      else throw error;
    }
  }

  function fail(code: number, reason: string) {
    // a client takes no streams of the server
    close(isServer ? reader.highestId() : 0, code, reason);
    handler.failed(`the peer broke the protocol: ${reason}`);
  }

  function close(lastStreamId: number, code: number, reason: string) {
    if (closed) return;
    closed = true;
    frames.stop();
    pings.clear();
    if (!socket.destroyed) {
      writer.writeGoaway(lastStreamId, code, code === F.NO_ERROR ? '' : reason);
      output.flush();
      endSocket(socket);
    }
    output.close();
  }

  const session: Session = {
    output,
    encoder,
    peer,
    sendWindow: F.DEFAULT_WINDOW,
    writeHeaders: writer.writeHeaders,
    writeSettings: writer.writeSettings,
    writeNumber: writer.writeNumber,
    writeGoaway: writer.writeGoaway,
    spend: budget.spend,
    earn: budget.earn,
    receive,
    ping: (answered) => !closed && pings.send(answered),
    close,
  };
  const connection = createConnectionFrames({
    handler,
    peer,
    encoder,
    writer,
    pings,
    receiveWindow,
    session,
  });
  const reader = createSessionReader({ handler, connection, decoder, budget, maxListBytes });
  const frames = createFrameReader(F.DEFAULT_FRAME_SIZE, reader.onFrame);
  greet(session, options);
  return session;
}

/** Writes our preface: the client's bytes, SETTINGS, and a larger window of the connection. */
function greet(session: Session, { isServer, settings, receiveWindow }: SessionOptions) {
  const { output } = session;
  if (!isServer) {
    output.reserve(F.PREFACE.length);
    output.end += F.PREFACE.copy(output.bytes, output.end);
  }
  session.writeSettings(settings);
  if (receiveWindow > F.DEFAULT_WINDOW)
    session.writeNumber(F.WINDOW_UPDATE, 0, receiveWindow - F.DEFAULT_WINDOW);
}

/**
 * Ends a socket so that what was just written arrives. It reads on, although nothing uses the data:
 * closing with unread bytes resets the connection, which could lose the last frames.
 */
function endSocket(socket: TLSSocket) {
  socket.end();
  socket.resume();
  const late = setTimeout(() => socket.destroy(), END_MS).unref();
  socket.once('close', () => clearTimeout(late));
}
