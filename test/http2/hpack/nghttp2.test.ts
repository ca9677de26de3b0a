/** Header blocks exchanged over plain sockets with nghttp2, the library inside `node:http2`. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2, sensitiveHeaders } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { createEncoder } from '../../../functions/http2/hpack/encoder.ts';
import { chance } from '../chance.ts';
import { decode, decoderOf, type Pair, randomPair, randomTemplate } from './lists.ts';

const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;

const CONTINUATION = 9;
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;
const COMPRESSION_ERROR = 9;
const DEADLINE = { timeout: 300_000 };
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** SETTINGS with a header table size and no limit of streams. */
function settings(tableSize: number) {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(1, 0);
  payload.writeUInt32BE(tableSize, 2);
  return frame(SETTINGS, 0, 0, payload);
}

function tableSizeIn({ payload }: Frame): number | undefined {
  for (let at = 0; at < payload.length; at += 6) {
    if (payload.readUInt16BE(at) === 1) return payload.readUInt32BE(at + 2);
  }
}

async function* framesOf(socket: Socket, skip = 0): AsyncGenerator<Frame> {
  let rest = Buffer.alloc(0);
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk]);
    if (skip > 0) {
      if (rest.length < skip) continue;
      rest = rest.subarray(skip);
      skip = 0;
    }
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      const payload = rest.subarray(9, end);
      yield { type: rest[3]!, flags: rest[4]!, stream: rest.readUInt32BE(5), payload };
      rest = rest.subarray(end);
    }
  }
}

async function listen(t: TestContext, server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('HPACK with nghttp2', DEADLINE, () => {
  for (const tableSize of [0, 100, 4096, 65_536]) {
    test(`we read what nghttp2 encodes for a table of ${tableSize} bytes`, async (t) => {
      const c = chance(tableSize + 1);
      const lists = Array.from({ length: 150 }, () => {
        const own = new Map(Array.from({ length: c.upTo(14) }, () => randomPair(c, false)));
        return [...own].filter(([, value]) => value.length < 2000);
      });
      const received: Pair[][] = [];
      const server = createServer();
      const port = await listen(t, server);
      const session = connectHttp2(`http://127.0.0.1:${port}`, {
        // the most its encoder takes for itself
        maxDeflateDynamicTableSize: 65_536,
      });
      t.after(() => session.destroy());
      session.on('error', () => {});
      const [socket] = (await once(server, 'connection')) as [Socket];
      t.after(() => socket.destroy());
      socket.write(settings(tableSize));

      const decoder = decoderOf(tableSize);
      let sent = false;
      let block = Buffer.alloc(0);
      for await (const { type, flags, stream, payload } of framesOf(socket, preface.length)) {
        if (type === SETTINGS && flags === ACK) decoder.setMaxTableSize(tableSize);
        if (type === SETTINGS && flags !== ACK) socket.write(frame(SETTINGS, ACK, 0));
        if (type === SETTINGS && flags === ACK && !sent) {
          sent = true;
          for (const list of lists) {
            const request = session.request({
              ':path': '/',
              ...Object.fromEntries(list),
              [sensitiveHeaders]: c.upTo(4) === 0 ? list.slice(0, 1).map(([name]) => name) : [],
            });
            request.on('error', () => {});
          }
        }
        if (type !== HEADERS && type !== CONTINUATION) continue;
        // node:http2 sends a priority, but no padding
        block = Buffer.concat([block, payload.subarray(type === HEADERS && flags & 0x20 ? 5 : 0)]);
        if (!(flags & END_HEADERS)) continue;
        received.push(decode(decoder, block));
        block = Buffer.alloc(0);
        // an answer closes the stream, which makes room for another
        socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, Buffer.from([0x88])));
        if (received.length === lists.length) break;
      }
      assert.deepEqual(
        received.map((list) => list.filter(([name]) => !name.startsWith(':')).sort()),
        lists.map((list) => list.sort()),
      );
    });
  }

  test('nghttp2 reads what we encode, with tables of any size and changes of size', async (t) => {
    const c = chance(2);
    const read: Pair[][] = [];
    const sizes = [4096, 0, 200, 65_536, 1000, 100, 4096];
    const server = createHttp2({ settings: { headerTableSize: sizes[0] } });
    const port = await listen(t, server);
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    const [session] = await once(server, 'session');
    t.after(() => session.destroy());
    let failure: unknown;
    session.on('error', (error: unknown) => {
      failure = error;
    });
    server.on('stream', (stream, _headers, _flags, raw: string[]) => {
      const list = Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!, raw[2 * i + 1]!]);
      read.push(list as Pair[]);
      stream.respond({ ':status': 200 }, { endStream: true });
    });

    const encoder = createEncoder({ maxTableSize: 8192 });
    const pseudo = [':method', ':scheme', ':authority', ':path'].map((name, i) => ({
      name,
      value: ['POST', 'https', 'a.test', '/'][i]!,
    }));
    const made = Array.from({ length: 30 }, () => randomTemplate(c, false)).map((it) => ({
      list: [...pseudo.map(({ name, value }): Pair => [name, value]), ...it.list],
      values: it.values,
      template: encoder.prepare([...pseudo, ...it.fields]),
    }));
    const sent: Pair[][] = [];
    const out = Buffer.alloc(256 * 1024);
    let stream = -1;
    const send = () => {
      const { template, values, list } = c.pick(made);
      const end = encoder.encode(out, 0, template, values);
      stream += 2;
      // in up to three frames
      const cuts = [0, c.upTo(end + 1), c.upTo(end + 1), end].sort((a, b) => a - b);
      for (let i = 0; i < 3; i++) {
        const flags = (i === 0 ? END_STREAM : 0) | (i === 2 ? END_HEADERS : 0);
        const part = Buffer.from(out.subarray(cuts[i], cuts[i + 1]));
        socket.write(frame(i === 0 ? HEADERS : CONTINUATION, flags, stream, part));
      }
      sent.push(list);
    };

    socket.write(preface);
    socket.write(frame(SETTINGS, 0, 0));
    let answered = 0;
    let round = 0;
    for await (const got of framesOf(socket)) {
      assert.ok(got.type !== GOAWAY && got.type !== RST_STREAM, got.payload.toString('hex'));
      if (got.type === SETTINGS && got.flags !== ACK) {
        encoder.setMaxTableSize(tableSizeIn(got)!);
        socket.write(frame(SETTINGS, ACK, 0));
        if (tableSizeIn(got) !== sizes[round]) continue;
        for (let n = 0; n < 50; n++) send();
      }
      if (got.type === HEADERS && ++answered === sent.length) {
        round++;
        if (round === sizes.length) break;
        // two changes between two blocks: the next block must announce both
        if (round % 2 === 0) session.settings({ headerTableSize: 50 });
        session.settings({ headerTableSize: sizes[round] });
      }
    }
    assert.ifError(failure);
    assert.equal(read.length, 50 * sizes.length);
    assert.deepEqual(read, sent);
  });

  test('a damaged block is an error for us exactly if it is one for nghttp2', async (t) => {
    const c = chance(3);
    const server = createHttp2();
    const port = await listen(t, server);
    const out = Buffer.alloc(64 * 1024);

    /** Tells whether nghttp2 ends the connection because of these blocks. */
    async function refuses(blocks: Uint8Array[]): Promise<boolean> {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(preface);
      socket.write(frame(SETTINGS, 0, 0));
      blocks.forEach((block, i) => {
        socket.write(frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, block));
      });
      socket.write(frame(PING, 0, 0, Buffer.alloc(8)));
      try {
        for await (const { type, flags, payload } of framesOf(socket)) {
          if (type === PING && flags === ACK) return false;
          if (type === GOAWAY) {
            assert.equal(payload.readUInt32BE(4), COMPRESSION_ERROR);
            return true;
          }
        }
      } finally {
        socket.destroy();
      }
      return assert.fail('nghttp2 did not answer');
    }

    const verdicts = { refused: 0, read: 0 };
    for (let n = 0; n < 400; n++) {
      const encoder = createEncoder({ maxTableSize: 4096 });
      const blocks = [0, 1].map(() => {
        const { fields, values } = randomTemplate(c, false);
        const template = encoder.prepare(fields);
        return Buffer.from(out.subarray(0, encoder.encode(out, 0, template, values)));
      });
      const damaged = blocks[1]!;
      if (damaged.length === 0 || blocks.some(({ length }) => length > 16_384)) continue;
      damaged[c.upTo(damaged.length)] = c.pick([c.upTo(256), 0xff, 0x80, 0x3f, 0]);

      const decoder = decoderOf();
      decode(decoder, blocks[0]!);
      let ours = false;
      try {
        decode(decoder, damaged);
      } catch {
        ours = true;
      }
      assert.equal(ours, await refuses(blocks), `${n}: ${damaged.toString('hex')}`);
      verdicts[ours ? 'refused' : 'read']++;
    }
    assert.ok(verdicts.refused > 30 && verdicts.read > 30, JSON.stringify(verdicts));
  });
});
