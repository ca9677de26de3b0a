/** Turns the frames of a server into answers to the requests it was sent. */

import { addPart } from '../session/body-parts.ts';
import type { SessionHandler } from '../session/handler.ts';
import * as F from '../session/protocol.ts';
import { addField, clearBlock, createAnswerBlock, wantsField } from './answer-block.ts';
import type { Ending, Exchange } from './exchange.ts';

interface AnswerEvents {
  /** Returns the exchange of a stream, or null if it has ended. Throws if it was never opened. */
  find(id: number): Exchange | null;
  /** Counts a header block without consequence against the peer's budget. */
  spend(): void;
  /** The peer has ended the stream. */
  ended(exchange: Exchange, ending: Ending, reason: string): void;
  /** We end the stream, and must tell the peer by RST_STREAM with this code. */
  cut(exchange: Exchange, code: number, ending: Ending, reason: string): void;
}

/** Bytes of an answer's body. Reasons take some hundred; a longer body is cut, and its stream ended. */
export const MAX_BODY_BYTES = 64 * 1024;

type AnswerReader = Required<
  Pick<SessionHandler, 'wants' | 'field' | 'headers' | 'data' | 'reset'>
>;

export function createAnswerReader({ find, spend, ended, cut }: AnswerEvents): AnswerReader {
  const block = createAnswerBlock();

  function complete(exchange: Exchange) {
    // half a reason would mislead; a 200 is complete by its status, whatever comes of its body
    if (exchange.status !== 200 && exchange.length !== -1 && exchange.length !== exchange.received)
      return abort(exchange, F.PROTOCOL_ERROR, 'a body that differs from its content-length');
    // an answer may come before its whole request was sent; the rest is not needed (section 8.1)
    if (exchange.rest !== null) cut(exchange, F.CANCEL, 'answered', '');
    else ended(exchange, 'answered', '');
  }

  function abort(exchange: Exchange, code: number, reason: string) {
    cut(exchange, code, 'no-answer', reason);
  }

  /** Applies the block to its exchange; `fits`: it is within our limit. */
  function apply(exchange: Exchange, endStream: boolean, fits: boolean) {
    if (!fits) return abort(exchange, F.CANCEL, 'its headers are too long');
    if (block.malformed !== '') return abort(exchange, F.PROTOCOL_ERROR, block.malformed);
    const { status } = block;
    if (exchange.status !== 0) {
      // trailers (section 8.1): they end the stream and have no status
      if (!endStream || status !== 0)
        return abort(exchange, F.PROTOCOL_ERROR, 'two answers to one request');
    } else if (status < 200) {
      if (status === 0 || status === 101 || endStream)
        return abort(exchange, F.PROTOCOL_ERROR, 'an answer without a status');
      return spend(); // an interim answer (100 to 199), which does not matter here
    } else {
      exchange.status = status;
      exchange.length = block.length;
      if (status !== 200) exchange.retryAfter = block.retryAfter;
      if (status !== 200 || exchange.request.keepsBody) exchange.body = [];
    }
    if (endStream) complete(exchange);
  }

  return {
    wants: wantsField,
    field: (name, value) => addField(block, name, value),

    headers(id, endStream, fits) {
      const exchange = find(id);
      if (exchange !== null) apply(exchange, endStream, fits);
      clearBlock(block);
    },

    data({ id, flags, bytes, from, to }) {
      const exchange = find(id);
      if (exchange === null) return;
      if (exchange.status === 0)
        return abort(exchange, F.PROTOCOL_ERROR, 'a body before its headers');
      const room = MAX_BODY_BYTES - exchange.received;
      exchange.received += to - from;
      if (exchange.body !== null && to > from)
        addPart(exchange.body, bytes, from, Math.min(to, from + room));
      if ((flags & F.END_STREAM) !== 0) return complete(exchange);
      if (to - from > room) cut(exchange, F.CANCEL, 'answered', '');
    },

    reset(id, code) {
      const exchange = find(id);
      if (exchange === null) return;
      // a 200 is complete without its body; REFUSED_STREAM means not processed (section 8.7)
      if (exchange.status === 200) ended(exchange, 'answered', '');
      else if (code === F.REFUSED_STREAM && exchange.status === 0)
        ended(exchange, 'refused', 'REFUSED_STREAM');
      else ended(exchange, 'no-answer', `reset (code ${code})`);
    },
  };
}
