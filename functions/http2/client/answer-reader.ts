/** What a server's frames mean for the requests it was sent: the reading part of the client half. */

import { addPart } from '../session/body-parts.ts';
import * as F from '../session/frames.ts';
import type { Half } from '../session/reader.ts';
import type { Ending, Exchange } from './exchange.ts';

export interface AnswerEvents {
  /** Null: its stream has ended. Throws for one that never was. */
  find(id: number): Exchange | null;
  /** A header block that says nothing that matters here. */
  spend(): void;
  /** By the peer. */
  ended(exchange: Exchange, ending: Ending, reason: string): void;
  /** By us: the peer is to be told, with RST_STREAM. */
  cut(exchange: Exchange, code: number, ending: Ending, reason: string): void;
}

/** Reasons and errors are some hundred bytes. What is longer is cut, and its stream with it. */
export const MAX_BODY_BYTES = 64 * 1024;
/** What makes an answer malformed (sections 8.2 and 8.3): read whether or not anybody wants it. */
const forbidden =
  /[A-Z]|^:|^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$|^$/;

export function createAnswerReader(
  events: AnswerEvents,
): Required<Pick<Half, 'wants' | 'field' | 'headers' | 'data' | 'reset'>> {
  const { find } = events;
  // of the header block that is being read
  let status = 0;
  let retryAfter: string | undefined;
  let length = -1;
  let malformed = '';

  function complete(exchange: Exchange) {
    // half a reason misleads; of a 200 nothing but the status is used
    if (exchange.status !== 200 && exchange.length !== -1 && exchange.length !== exchange.received)
      return abort(exchange, F.PROTOCOL_ERROR, 'a body that is not as long as it says');
    // an answer may come before the end of its request, which nobody needs then (section 8.1)
    if (exchange.rest !== null) events.cut(exchange, F.CANCEL, 'answered', '');
    else events.ended(exchange, 'answered', '');
  }

  function abort(exchange: Exchange, code: number, reason: string) {
    events.cut(exchange, code, 'no-answer', reason);
  }

  return {
    wants: (name) =>
      name === ':status' ||
      name === 'retry-after' ||
      name === 'content-length' ||
      forbidden.test(name),

    field(name, value) {
      if (name === ':status') {
        if (status !== 0 || !/^[1-5]\d\d$/.test(value)) malformed = 'a status that is none';
        else status = Number(value);
      } else if (name === 'retry-after') retryAfter = value;
      else if (name === 'content-length') length = /^\d{1,15}$/.test(value) ? Number(value) : -2;
      else malformed = `a header that HTTP/2 forbids: ${name.slice(0, 40)}`;
    },

    headers(id, endStream, fits) {
      const block = { status, retryAfter, length, malformed };
      status = 0;
      retryAfter = undefined;
      length = -1;
      malformed = '';
      const exchange = find(id);
      if (exchange === null) return;
      if (!fits) return abort(exchange, F.CANCEL, 'its headers are too long');
      if (block.malformed !== '') return abort(exchange, F.PROTOCOL_ERROR, block.malformed);
      if (exchange.status !== 0) {
        // trailers
        if (!endStream || block.status !== 0)
          return abort(exchange, F.PROTOCOL_ERROR, 'two answers to one request');
      } else if (block.status < 200) {
        if (block.status === 0 || block.status === 101 || endStream)
          return abort(exchange, F.PROTOCOL_ERROR, 'an answer without a status');
        return events.spend(); // 100 to 199 say nothing that matters here
      } else {
        exchange.status = block.status;
        exchange.length = block.length;
        if (block.status !== 200) {
          exchange.retryAfter = block.retryAfter;
          exchange.body = [];
        }
      }
      if (endStream) complete(exchange);
    },

    data(id, buffer, from, to, _, endStream) {
      const exchange = find(id);
      if (exchange === null) return;
      if (exchange.status === 0)
        return abort(exchange, F.PROTOCOL_ERROR, 'a body before its headers');
      const room = MAX_BODY_BYTES - exchange.received;
      exchange.received += to - from;
      if (exchange.body !== null && to > from)
        addPart(exchange.body, buffer, from, Math.min(to, from + room));
      if (endStream) return complete(exchange);
      if (to - from > room) events.cut(exchange, F.CANCEL, 'answered', '');
    },

    reset(id, code) {
      const exchange = find(id);
      if (exchange === null) return;
      if (exchange.status === 200) events.ended(exchange, 'answered', '');
      else if (code === F.REFUSED_STREAM && exchange.status === 0)
        events.ended(exchange, 'refused', 'REFUSED_STREAM');
      else events.ended(exchange, 'no-answer', `reset (code ${code})`);
    },
  };
}
