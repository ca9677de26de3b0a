/** Frames of HTTP/2 (RFC 9113) built by hand, well-formed or not. */

import { writeFrameHeader } from '../../functions/http2/session/frames.ts';
import * as F from '../../functions/http2/session/protocol.ts';
import { settingsPayload } from '../../functions/http2/session/settings.ts';

/** Text is taken as latin1. */
export function frame(type: number, flags = 0, id = 0, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const header = Buffer.alloc(9);
  writeFrameHeader(header, 0, { length: body.length, type, flags, id });
  return Buffer.concat([header, body]);
}

/** 32 bits, big-endian. */
export const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

export const settings = (...list: [number, number][]) =>
  frame(F.SETTINGS, 0, 0, settingsPayload(list));
export const ack = frame(F.SETTINGS, F.ACK);
export const goaway = (lastId: number, code = 0) =>
  frame(F.GOAWAY, 0, 0, Buffer.concat([number(lastId), number(code)]));

/** Literals without indexing and without Huffman code: readable by eye. */
export const fields = (list: Record<string, string>) =>
  Buffer.concat(
    Object.entries(list).map(([name, value]) =>
      Buffer.concat([
        Buffer.from([0, name.length]),
        Buffer.from(name, 'latin1'),
        // a length of 127 or more takes two bytes behind the first
        value.length < 127
          ? Buffer.from([value.length])
          : Buffer.from([127, ((value.length - 127) & 127) | 128, (value.length - 127) >> 7]),
        Buffer.from(value, 'latin1'),
      ]),
    ),
  );
export const headers = (
  id: number,
  list: Record<string, string>,
  flags = F.END_HEADERS | F.END_STREAM,
) => frame(F.HEADERS, flags, id, fields(list));
export const ok = (id: number) => headers(id, { ':status': '200' });

/** The headers of a request without anything special. */
export const get = { ':method': 'POST', ':scheme': 'https', ':path': '/', ':authority': 'a' };
