/** A request is two frames in a buffer: a few bytes for its headers, and its body behind them. */

import type { Template, TemplateField } from '../hpack/encoder.ts';
import type { BodyWriter } from '../session/body-writer.ts';
import * as F from '../session/frames.ts';
import type { Session } from '../session/session.ts';
import type { Exchange, Request } from './exchange.ts';

/** For an exchange that has its id. */
export interface RequestWriter {
  /** Writes HEADERS; the size of the body. Nothing is flushed after them, unless the body must wait. */
  headers(exchange: Exchange): number;
  /** Writes as much of the body as the windows allow. */
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
  // one campaign at a time is the usual case
  const templates = new WeakMap<Request['headers'], Template>();
  let encoded: Request['headers'] | null = null;
  let template: Template | null = null;
  const oneValue = [''];
  const twoValues = ['', ''];

  function templateOf({ headers, path, varying }: Request): Template {
    if (headers === encoded) return template!;
    let it = templates.get(headers);
    if (it === undefined) {
      const fields: TemplateField[] = [
        { name: ':method', value: 'POST' },
        { name: ':scheme', value: 'https' },
        { name: ':authority', value: authority },
      ];
      const prefix = headers[':path'] === undefined ? '' : String(headers[':path']);
      if (path === undefined) fields.push({ name: ':path', value: prefix });
      else fields.push({ name: ':path', prefix });
      // `authorization` is indexed like the rest: what never-indexed protects from is a third party
      // that adds headers to ours and sees the size (RFC 7541, section 7.1), and there is none. It
      // would be half a kilobyte to a kilobyte of every push.
      for (const name in headers)
        if (name !== ':path') fields.push({ name, value: String(headers[name]) });
      if (varying !== undefined) fields.push({ name: varying[0] });
      it = session.encoder.prepare(fields);
      templates.set(headers, it);
    }
    encoded = headers;
    template = it;
    return it;
  }

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
    let at = F.writeFrameHeader(bytes, output.end, size, F.DATA, F.END_STREAM, exchange.id);
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
