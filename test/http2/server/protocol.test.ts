import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDecoder } from '../../../functions/http2/hpack/decoder.ts';
import type { ServerStream } from '../../../functions/http2/server/server.ts';
import * as F from '../../../functions/http2/session/protocol.ts';
import { settingsPayload } from '../../../functions/http2/session/settings.ts';
import { ack, fields, frame, get, headers, number, settings } from '../frames.ts';
import { until } from '../peer.ts';
import { rawClient } from '../raw.ts';

const { END_HEADERS, END_STREAM } = F;
const ask = (id: number, more: Record<string, string> = {}) => headers(id, { ...get, ...more });
const answered = (id: number) => (it: { type: number; id: number }) =>
  it.type === F.HEADERS && it.id === id;

describe('a breach of the protocol ends the connection', () => {
  const cases: [string, number, Buffer][] = [
    ['HEADERS on a stream of the server', F.PROTOCOL_ERROR, ask(2)],
    ['DATA on an idle stream', F.PROTOCOL_ERROR, frame(F.DATA, 1, 5, 'x')],
    ['RST_STREAM on an idle stream', F.PROTOCOL_ERROR, frame(F.RST_STREAM, 0, 5, number(0))],
    ['WINDOW_UPDATE on an idle stream', F.PROTOCOL_ERROR, frame(F.WINDOW_UPDATE, 0, 5, number(1))],
    ['PUSH_PROMISE', F.PROTOCOL_ERROR, frame(F.PUSH_PROMISE, 4, 1, '\0\0\0\x02')],
    ['a frame of 16,385 bytes', F.FRAME_SIZE_ERROR, frame(F.DATA, 0, 1, Buffer.alloc(16_385))],
    [
      'a broken header block',
      F.COMPRESSION_ERROR,
      frame(F.HEADERS, 5, 1, '\xff\xff\xff\xff\xff\xff'),
    ],
    [
      'rapid resets',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat(
        Array.from({ length: 20_000 }, (_, i) =>
          Buffer.concat([
            headers(2 * i + 1, get, END_HEADERS),
            frame(F.RST_STREAM, 0, 2 * i + 1, number(F.CANCEL)),
          ]),
        ),
      ),
    ],
    [
      'endless streams beyond the limit',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat(Array.from({ length: 20_000 }, (_, i) => headers(2 * i + 1, get, END_HEADERS))),
    ],
  ];
  for (const [what, code, bytes] of cases)
    test(what, async (t) => {
      const { peer } = await rawClient(t);
      peer.send(bytes);
      assert.equal(await peer.goawayCode(), code);
      await until(() => peer.socket.readableEnded || peer.socket.destroyed);
    });

  test('a request of HTTP/1.1 instead of the preface', async (t) => {
    const { peer } = await rawClient(t, {}, Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    assert.equal(await peer.goawayCode(), F.PROTOCOL_ERROR);
  });
});

describe('an error of one stream ends that stream, and the connection continues', () => {
  const cases: [string, number, Buffer][] = [
    ['no path', F.PROTOCOL_ERROR, headers(1, { ':method': 'POST', ':scheme': 'https' })],
    ['an empty path', F.PROTOCOL_ERROR, ask(1, { ':path': '' })],
    ['an unknown pseudo-header', F.PROTOCOL_ERROR, ask(1, { ':status': '200' })],
    ['a scheme with its colon', F.PROTOCOL_ERROR, ask(1, { ':scheme': 'https:' })],
    ['a name in upper case', F.PROTOCOL_ERROR, ask(1, { Accept: 'x' })],
    ['a header of HTTP/1.1', F.PROTOCOL_ERROR, ask(1, { 'transfer-encoding': 'chunked' })],
    ['te, but not trailers', F.PROTOCOL_ERROR, ask(1, { te: 'gzip' })],
    [
      'a pseudo-header after a header',
      F.PROTOCOL_ERROR,
      headers(1, { ':method': 'POST', ':scheme': 'https', a: 'b', ':path': '/' }),
    ],
    [
      'two methods',
      F.PROTOCOL_ERROR,
      frame(F.HEADERS, 5, 1, Buffer.concat([fields(get), Buffer.from([0x83])])),
    ],
    ['a body shorter than its content-length', F.PROTOCOL_ERROR, ask(1, { 'content-length': '3' })],
    [
      'a body longer than its content-length',
      F.PROTOCOL_ERROR,
      Buffer.concat([
        headers(1, { ...get, 'content-length': '3' }, END_HEADERS),
        frame(F.DATA, 1, 1, 'abcd'),
      ]),
    ],
    [
      'trailers without END_STREAM',
      F.PROTOCOL_ERROR,
      Buffer.concat([headers(1, get, END_HEADERS), headers(1, { a: 'b' }, END_HEADERS)]),
    ],
    ['DATA after END_STREAM', F.STREAM_CLOSED, Buffer.concat([ask(1), frame(F.DATA, 0, 1, 'x')])],
    [
      'WINDOW_UPDATE of 0',
      F.PROTOCOL_ERROR,
      Buffer.concat([headers(1, get, END_HEADERS), frame(F.WINDOW_UPDATE, 0, 1, number(0))]),
    ],
    [
      'a window that overflows',
      F.FLOW_CONTROL_ERROR,
      Buffer.concat([
        headers(1, get, END_HEADERS),
        frame(F.WINDOW_UPDATE, 0, 1, number(F.MAX_WINDOW)),
      ]),
    ],
  ];
  for (const [what, code, bytes] of cases)
    test(what, async (t) => {
      const { peer } = await rawClient(t);
      peer.send(bytes);
      const reset = await peer.next(F.RST_STREAM);
      assert.deepEqual([reset.id, reset.payload.readUInt32BE(0)], [1, code]);
      peer.send(ask(3));
      await until(() => peer.frames.some(answered(3)));
    });
});

test('a request with everything that a peer may add arrives whole, byte by byte', async (t) => {
  const seen: ServerStream[] = [];
  const { peer } = await rawClient(t, {
    request(stream) {
      seen.push(stream);
      stream.connection.respond(stream, 200, { 'x-echo': 'yes' }, 'done');
    },
  });
  const block = fields({ ...get, a: '1', cookie: 'b=2', 'x-long': 'y'.repeat(500) });
  const more = fields({ a: '3', cookie: 'c=4' });
  const bytes = Buffer.concat([
    frame(0xaa, 0, 0, 'unknown'),
    frame(
      F.HEADERS,
      F.PADDED | F.PRIORITIZED,
      1,
      Buffer.concat([Buffer.from('\x02\0\0\0\0\x10'), block, Buffer.alloc(2)]),
    ),
    frame(F.CONTINUATION, END_HEADERS, 1, more),
    frame(F.DATA, F.PADDED, 1, '\x01hello\0'),
    frame(F.PING, 0, 0, '12345678'),
    frame(F.DATA, 0, 1, ', world'),
    headers(1, { 'x-trailer': 'z' }),
  ]);
  for (const byte of bytes) peer.socket.write(Buffer.from([byte]));
  const answer = await peer.next(F.DATA);
  assert.deepEqual([answer.flags, answer.payload.toString()], [END_STREAM, 'done']);
  assert.equal(seen[0]!.body.toString(), 'hello, world');
  assert.equal(seen[0]!.headers.a, '1, 3');
  assert.equal(seen[0]!.headers.cookie, 'b=2; c=4');
  assert.equal((await peer.next(F.PING)).flags, F.ACK);
});

test('an answer waits for the windows of flow control', async (t) => {
  const { peer } = await rawClient(
    t,
    { request: (it) => it.connection.respond(it, 200, {}, 'x'.repeat(100_000)) },
    Buffer.concat([F.PREFACE, settings([F.INITIAL_WINDOW_SIZE, 7]), ack]),
  );
  const bytes = () =>
    peer.frames.filter((it) => it.type === F.DATA).reduce((sum, it) => sum + it.payload.length, 0);
  peer.send(ask(1));
  await until(() => bytes() === 7);
  peer.send(settings([F.INITIAL_WINDOW_SIZE, 100_000]));
  await until(() => bytes() === F.DEFAULT_WINDOW);
  peer.send(frame(F.WINDOW_UPDATE, 0, 0, number(40_000)));
  await until(() => bytes() === 100_000);
  assert.equal(peer.frames.at(-1)!.flags, END_STREAM);
});

test('a long body is read to its end and cut at 64 KiB', async (t) => {
  let body = 0;
  const { peer } = await rawClient(t, {
    request(stream) {
      body = stream.body.length;
      stream.connection.respond(stream, 200, {}, '');
    },
  });
  peer.send(headers(1, get, END_HEADERS));
  for (let sent = 0; sent < 400_000; sent += 10_000) {
    const updates = peer.frames.filter((it) => it.type === F.WINDOW_UPDATE && it.id === 1);
    const window = updates.reduce((sum, it) => sum + it.payload.readUInt32BE(0), 64 * 1024) - sent;
    if (window < 10_000)
      await until(
        () =>
          peer.frames.filter((it) => it.type === F.WINDOW_UPDATE && it.id === 1).length >
          updates.length,
      );
    peer.send(frame(F.DATA, 0, 1, Buffer.alloc(10_000)));
  }
  peer.send(frame(F.DATA, END_STREAM, 1));
  await until(() => peer.frames.some(answered(1)));
  assert.equal(body, 64 * 1024);
});

test('streams beyond the limit are refused, and a smaller limit holds once it is acknowledged', async (t) => {
  const open: ServerStream[] = [];
  const { peer, server } = await rawClient(t, { maxStreams: 2, request: (it) => open.push(it) });
  // the first settings are acknowledged by the greeting
  const { payload } = await peer.next(F.SETTINGS);
  assert.deepEqual(payload.subarray(0, 6), settingsPayload([[F.MAX_CONCURRENT_STREAMS, 2]]));
  peer.send(ask(1), ask(3), ask(5));
  const reset = await peer.next(F.RST_STREAM);
  assert.deepEqual([reset.id, reset.payload.readUInt32BE(0)], [5, F.REFUSED_STREAM]);
  server.setMaxStreams(3);
  await until(
    () => peer.frames.filter((it) => it.type === F.SETTINGS && it.flags === 0).length === 2,
  );
  peer.send(ask(7));
  await until(() => open.length === 3);
});

test('after GOAWAY the open streams are finished, later ones are ignored, and the connection ends', async (t) => {
  const open: ServerStream[] = [];
  const { peer } = await rawClient(t, { request: (it) => open.push(it) });
  peer.send(ask(1), ask(3));
  await until(() => open.length === 2);
  open[0]!.connection.goaway();
  const goaway = await peer.next(F.GOAWAY);
  assert.equal(goaway.payload.readUInt32BE(0), 3);
  peer.send(ask(5), frame(F.PING, 0, 0, '12345678'));
  await peer.next(F.PING);
  assert.equal(open.length, 2);
  for (const stream of open) stream.connection.respond(stream, 200, {}, 'bye');
  await until(() => peer.socket.readableEnded);
  assert.ok(peer.frames.some(answered(1)) && peer.frames.some(answered(3)));
});

test('an answer to a stream that the client has reset is not written', async (t) => {
  const open: ServerStream[] = [];
  const { peer } = await rawClient(t, { request: (it) => open.push(it) });
  peer.send(ask(1), ask(3));
  await until(() => open.length === 2);
  peer.send(frame(F.RST_STREAM, 0, 1, number(F.CANCEL)), frame(F.PING, 0, 0, '12345678'));
  await peer.next(F.PING);
  for (const stream of open) stream.connection.respond(stream, 200, {}, '');
  await until(() => peer.frames.some(answered(3)));
  assert.ok(!peer.frames.some(answered(1)));
});

test('headers that are too long are answered with 431', async (t) => {
  const { peer } = await rawClient(t);
  const long = Object.fromEntries(
    Array.from({ length: 150 }, (_, i) => [`n-${i}`, 'x'.repeat(100)]),
  );
  const block = fields({ ...get, ...long });
  peer.send(
    frame(F.HEADERS, END_STREAM, 1, block.subarray(0, 16_000)),
    frame(F.CONTINUATION, END_HEADERS, 1, block.subarray(16_000)),
  );
  const { payload } = await peer.next(F.HEADERS);
  const decoder = createDecoder({ maxTableSize: 4096, maxListBytes: 1000 });
  const seen: string[] = [];
  decoder.decode(payload, 0, payload.length, (name, value) => seen.push(name, value));
  assert.deepEqual(seen, [':status', '431']);
  peer.send(ask(3));
  await until(() => peer.frames.some(answered(3)));
});

test('an answer whose headers cannot be written ends only its stream', async (t) => {
  const { peer } = await rawClient(t, {
    request: (it) =>
      it.connection.respond(it, 200, { echo: it.headers.bad === undefined ? 'a' : 'ä€' }, ''),
  });
  peer.send(ask(1, { bad: 'x' }));
  assert.equal((await peer.next(F.RST_STREAM)).payload.readUInt32BE(0), F.INTERNAL_ERROR);
  peer.send(ask(3));
  await until(() => peer.frames.some(answered(3)));
});
