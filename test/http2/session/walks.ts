/** Random frames that keep the rules of a client or a server, and ways to damage them. */

import { createEncoder } from '../../../functions/http2/hpack/encoder.ts';
import * as F from '../../../functions/http2/session/protocol.ts';
import type { Chance } from '../chance.ts';
import { ack, frame, number, settings } from '../frames.ts';
import { randomPair } from '../hpack/lists.ts';

export interface Walk {
  /** one frame or more each; other frames may come between parts, but not within one */
  parts: Buffer[];
}

/** Returns a function that writes header blocks, at random split, padded and with a priority. */
function headerWriter(c: Chance) {
  const encoder = createEncoder({ maxTableSize: F.DEFAULT_TABLE_SIZE });
  const out = Buffer.alloc(64 * 1024);
  return (id: number, endStream: boolean, list: Record<string, string>): Buffer => {
    const more = Array.from({ length: c.upTo(4) }, () => randomPair(c, false));
    const fields = [...Object.entries(list), ...more].map(([name, value]) => ({ name, value }));
    const end = encoder.encode(out, 0, encoder.prepare(fields), []);
    const cuts = Array.from({ length: c.upTo(3) }, () => c.upTo(end + 1)).sort((a, b) => a - b);
    const frames = [0, ...cuts].map((from, i) => {
      const last = i === cuts.length ? F.END_HEADERS : 0;
      const piece = Buffer.from(out.subarray(from, cuts[i] ?? end));
      if (i > 0) return frame(F.CONTINUATION, last, id, piece);
      const prioritized = c.upTo(4) === 0;
      const payload = prioritized
        ? Buffer.concat([number(c.upTo(9)), Buffer.alloc(1), piece])
        : piece;
      const flags = (endStream ? F.END_STREAM : 0) | (prioritized ? F.PRIORITIZED : 0) | last;
      return padded(c, F.HEADERS, flags, id, payload);
    });
    return Buffer.concat(frames);
  };
}

function padded(c: Chance, type: number, flags: number, id: number, payload: Buffer): Buffer {
  if (c.upTo(4) > 0) return frame(type, flags, id, payload);
  const padding = c.upTo(256);
  const body = Buffer.concat([Buffer.from([padding]), payload, Buffer.alloc(padding)]);
  return frame(type, flags | F.PADDED, id, body);
}

/** Returns a frame that may come at any time. `used`: the highest stream that it may be on. */
function anytime(c: Chance, used: number): Buffer {
  const id = 2 * c.upTo((used + 1) / 2) + 1;
  switch (c.upTo(7)) {
    case 0:
      return frame(F.PING, 0, 0, c.text(8, 0, 255));
    case 1:
      return frame(F.WINDOW_UPDATE, 0, 0, number(1 + c.upTo(1000)));
    case 2:
      return used > 0 ? frame(F.WINDOW_UPDATE, 0, id, number(1 + c.upTo(1000))) : ack;
    case 3:
      return frame(F.PRIORITY, 0, 1 + c.upTo(1000), Buffer.concat([number(0), Buffer.alloc(1)]));
    case 4:
      return frame(c.pick([0xa, 0x10, 0xff]), c.upTo(256), c.upTo(9), c.text(c.upTo(50), 0, 255));
    case 5:
      return frame(F.PING, F.ACK, 0, c.text(8, 0, 255));
    default:
      return settings(
        [F.HEADER_TABLE_SIZE, c.pick([0, 100, 4096, 2 ** 32 - 1])],
        [F.INITIAL_WINDOW_SIZE, c.pick([0, 1, 500, 100_000])],
        [F.MAX_FRAME_SIZE, c.pick([16_384, 2 ** 24 - 1])],
        [c.pick([0x7, 0xabcd]), c.upTo(2 ** 31)],
      );
  }
}

/** Frames that make all windows large, so that nothing waits any more. */
const released = [
  frame(F.WINDOW_UPDATE, 0, 0, number(2 ** 30)),
  settings([F.INITIAL_WINDOW_SIZE, 1_000_000]),
];

/** `ended`: whole requests that were not reset, by stream, with the length of their bodies. */
export function walkOfClient(c: Chance, steps: number): Walk & { ended: Map<number, number> } {
  const write = headerWriter(c);
  const parts: Buffer[] = [];
  const open = new Map<number, number>();
  const ended = new Map<number, number>();
  let used = -1;
  const request = { ':method': 'POST', ':scheme': 'https', ':path': '/', ':authority': 'a' };
  for (let i = 0; i < steps; i++) {
    const id = c.pick([...open.keys()]);
    const what = c.upTo(10);
    if (what < 3 && open.size < 40) {
      used += 2 * (1 + (c.upTo(9) >> 3));
      const whole = c.upTo(3) === 0;
      parts.push(write(used, whole, request));
      (whole ? ended : open).set(used, 0);
    } else if (what < 7 && id !== undefined) {
      const sent = open.get(id)!;
      const size = c.upTo(c.pick([1, 10, 2000]));
      if (sent + size > 30_000) continue;
      const end = c.upTo(3) === 0;
      const data = Buffer.alloc(size, 'x');
      parts.push(padded(c, F.DATA, end ? F.END_STREAM : 0, id, data));
      open.set(id, sent + size);
      if (end) finish(id);
    } else if (what === 7 && id !== undefined) {
      parts.push(write(id, true, {}));
      finish(id);
    } else if (what === 8 && open.size + ended.size > 0) {
      const gone = c.pick([...open.keys(), ...ended.keys()]);
      parts.push(frame(F.RST_STREAM, 0, gone, number(c.pick([F.CANCEL, F.NO_ERROR, 0xff]))));
      open.delete(gone);
      ended.delete(gone);
    } else parts.push(anytime(c, used));
  }
  function finish(id: number) {
    ended.set(id, open.get(id)!);
    open.delete(id);
  }
  return { parts: [...parts, ...released], ended };
}

/** Answers `count` requests, on streams 1, 3 and so on. `endings`: how each ends, by stream. */
export function walkOfServer(c: Chance, count: number): Walk & { endings: Map<number, string> } {
  const write = headerWriter(c);
  const parts: Buffer[] = [];
  const open = new Map<number, { status: number; body: string }>();
  const endings = new Map<number, string>();
  const used = 2 * count - 1;
  for (let id = 1; id <= used; id += 2) open.set(id, { status: 0, body: '' });
  while (open.size > 0) {
    const id = c.pick([...open.keys()]);
    const sent = open.get(id)!;
    const what = c.upTo(10);
    const end = c.upTo(3) === 0;
    if (what < 5 && sent.status === 0) {
      sent.status = c.pick([200, 200, 400, 410, 503]);
      parts.push(write(id, end, { ':status': String(sent.status) }));
      if (end) finish(id);
    } else if (what < 5) {
      const text = c.text(c.upTo(c.pick([1, 10, 2000])), 0x21, 0x7e);
      sent.body += text;
      parts.push(padded(c, F.DATA, end ? F.END_STREAM : 0, id, Buffer.from(text)));
      if (end) finish(id);
    } else if (what === 5 && sent.status === 0) {
      parts.push(write(id, false, { ':status': c.pick(['100', '103']) }));
    } else if (what === 5) {
      parts.push(write(id, true, {}));
      finish(id);
    } else if (what === 6 && c.upTo(3) === 0) {
      const code = c.pick([F.REFUSED_STREAM, F.CANCEL, F.INTERNAL_ERROR, 0xff]);
      parts.push(frame(F.RST_STREAM, 0, id, number(code)));
      const refused = code === F.REFUSED_STREAM && sent.status === 0;
      if (sent.status === 200) finish(id);
      else endings.set(id, refused ? 'refused' : 'no-answer');
      open.delete(id);
    } else parts.push(anytime(c, used));
  }
  function finish(id: number) {
    const { status, body } = open.get(id)!;
    endings.set(id, `answered ${status} ${status === 200 ? '' : body}`);
    open.delete(id);
  }
  return { parts: [...parts, ...released], endings };
}

/** Returns the parts with some lost, repeated or late, bytes changed, and the end cut off. */
export function damaged(c: Chance, parts: readonly Buffer[]): Buffer {
  const list = parts.slice();
  for (let i = c.upTo(4); i > 0 && list.length > 0; i--) {
    const at = c.upTo(list.length);
    if (c.upTo(3) === 0) list.splice(at, 1);
    else if (c.upTo(2) === 0) list.splice(at, 0, c.pick(list));
    else list.push(...list.splice(at, 1));
  }
  const bytes = Buffer.concat(list);
  for (let i = c.upTo(6); i > 0 && bytes.length > 0; i--) {
    const at = c.upTo(bytes.length);
    bytes[at] = c.upTo(2) === 0 ? c.upTo(256) : bytes[at]! ^ (1 << c.upTo(8));
  }
  return bytes.subarray(0, c.upTo(5) === 0 ? c.upTo(bytes.length) : bytes.length);
}

/** Splits bytes into chunks that ignore the limits of frames. */
export function* pieces(c: Chance, bytes: Buffer): Generator<Buffer> {
  const most = c.pick([3, 50, 5000, 100_000]);
  for (let at = 0; at < bytes.length; ) {
    // only the beginning in tiny chunks: they take most of the time
    const end = at > 600 && most < 5000 ? bytes.length : at + 1 + c.upTo(most);
    yield bytes.subarray(at, end);
    at = end;
  }
}
