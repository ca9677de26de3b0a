/** Writes requests: a HEADERS frame of a few bytes, and the body after it in the same buffer. */

import type { BodyWriter } from '../session/body-writer.ts';
import { writeFrameHeader } from '../session/frames.ts';
import * as F from '../session/protocol.ts';
import type { Session } from '../session/session.ts';
import type { Exchange, Request } from './exchange.ts';
import { createRequestTemplates } from './request-templates.ts';

/** Writes an exchange that has its id. */
interface RequestWriter {
  /**
   * Writes HEADERS and returns the size of the body in bytes. If that is not 0, `body` must follow
   * before anything else is written: only then there is room for it.
   */
  headers(exchange: Exchange): number;
  /** Writes as much of the body as the windows allow, and the rest when they grow. */
  body(exchange: Exchange, size: number): void;
}

const noBytes = Buffer.alloc(0);
const noValues: readonly string[] = [];

export function createRequestWriter(
  session: Session,
  authority: string,
  bodies: BodyWriter<Exchange>,
): RequestWriter {
  const { output, peer } = session;
  const templateOf = createRequestTemplates(session.encoder, authority);
  // used for every request: the encoder does not keep the values
  const oneValue = [''];
  const twoValues = ['', ''];

  /** Returns the values of the varying fields, in the order of the template. */
  function valuesOf({ path, varying }: Request): readonly string[] {
    if (path === undefined && varying === undefined) return noValues;
    if (path !== undefined && varying !== undefined) {
      twoValues[0] = path;
      twoValues[1] = varying[1];
      return twoValues;
    }
    oneValue[0] = path ?? varying![1];
    return oneValue;
  }

  function headers({ request, id }: Exchange): number {
    const { body, fill, tail } = request;
    const size =
      body.length + (fill === undefined ? 0 : fill.length) + (tail === undefined ? 0 : tail.length);
    session.writeHeaders(
      id,
      templateOf(request),
      valuesOf(request),
      size === 0 ? F.END_STREAM : 0,
      F.FRAME_HEADER + size,
    );
    return size;
  }

  function body(exchange: Exchange, size: number) {
    const { body: beginning, fill, tail } = exchange.request;
    const whole =
      size <= session.sendWindow && size <= peer.initialWindowSize && size <= peer.maxFrameSize;
    if (!whole) {
      const middle = Buffer.from(fill ?? '', 'latin1');
      return bodies.begin(exchange, Buffer.concat([beginning, middle, tail ?? noBytes]));
    }
    const { bytes } = output;
    const head = { length: size, type: F.DATA, flags: F.END_STREAM, id: exchange.id };
    let at = writeFrameHeader(bytes, output.end, head);
    bytes.set(beginning, at);
    at += beginning.length;
    if (fill !== undefined) at += bytes.write(fill, at, 'latin1');
    if (tail !== undefined) {
      bytes.set(tail, at);
      at += tail.length;
    }
    output.end = at;
    session.sendWindow -= size;
    exchange.credit = -size;
  }

  return { headers, body };
}
