import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as F from '../../../functions/http2/session/frames.ts';
import { until } from '../peer.ts';
import {
  ack,
  type Frame,
  fields,
  frame,
  goaway,
  headers,
  number,
  ok,
  rawPair,
  settings,
  startClient,
  startRawServer,
} from '../raw.ts';

const ping = (flags = 0) => frame(F.PING, flags, 0, '12345678');

describe('what breaks the protocol ends the connection, and no request is left without an end', () => {
  const cases: [string, number, Buffer][] = [
    ['DATA on no stream', F.PROTOCOL_ERROR, frame(F.DATA, 0, 0, 'x')],
    ['HEADERS on no stream', F.PROTOCOL_ERROR, headers(0, { ':status': '200' })],
    ['an answer on a stream nobody opened', F.PROTOCOL_ERROR, ok(3)],
    ['a stream of the server', F.PROTOCOL_ERROR, ok(2)],
    ['DATA on an idle stream', F.PROTOCOL_ERROR, frame(F.DATA, 1, 99, 'x')],
    ['RST_STREAM of an idle stream', F.PROTOCOL_ERROR, frame(F.RST_STREAM, 0, 99, number(0))],
    ['WINDOW_UPDATE of an idle stream', F.PROTOCOL_ERROR, frame(F.WINDOW_UPDATE, 0, 99, number(1))],
    ['RST_STREAM of 5 bytes', F.FRAME_SIZE_ERROR, frame(F.RST_STREAM, 0, 1, '12345')],
    ['PRIORITY of 4 bytes', F.FRAME_SIZE_ERROR, frame(F.PRIORITY, 0, 1, '1234')],
    ['SETTINGS on a stream', F.PROTOCOL_ERROR, frame(F.SETTINGS, 0, 1)],
    ['SETTINGS of 5 bytes', F.FRAME_SIZE_ERROR, frame(F.SETTINGS, 0, 0, '12345')],
    [
      'an acknowledgement with a payload',
      F.FRAME_SIZE_ERROR,
      frame(F.SETTINGS, F.ACK, 0, '123456'),
    ],
    ['ENABLE_PUSH of 2', F.PROTOCOL_ERROR, settings([F.ENABLE_PUSH, 2])],
    ['a window of 2^31', F.FLOW_CONTROL_ERROR, settings([F.INITIAL_WINDOW_SIZE, 2 ** 31])],
    ['frames of 16,383 bytes', F.PROTOCOL_ERROR, settings([F.MAX_FRAME_SIZE, 16_383])],
    ['frames of 2^24 bytes', F.PROTOCOL_ERROR, settings([F.MAX_FRAME_SIZE, 2 ** 24])],
    ['PING of 7 bytes', F.FRAME_SIZE_ERROR, frame(F.PING, 0, 0, '1234567')],
    ['PING on a stream', F.PROTOCOL_ERROR, frame(F.PING, 0, 1, '12345678')],
    ['GOAWAY on a stream', F.PROTOCOL_ERROR, frame(F.GOAWAY, 0, 1, '12345678')],
    ['GOAWAY of 7 bytes', F.FRAME_SIZE_ERROR, frame(F.GOAWAY, 0, 0, '1234567')],
    ['WINDOW_UPDATE of 3 bytes', F.FRAME_SIZE_ERROR, frame(F.WINDOW_UPDATE, 0, 0, '123')],
    ['WINDOW_UPDATE of nothing', F.PROTOCOL_ERROR, frame(F.WINDOW_UPDATE, 0, 0, number(0))],
    [
      'a window that overflows',
      F.FLOW_CONTROL_ERROR,
      frame(F.WINDOW_UPDATE, 0, 0, number(F.MAX_WINDOW)),
    ],
    ['CONTINUATION without HEADERS', F.PROTOCOL_ERROR, frame(F.CONTINUATION, 4, 1)],
    [
      'PING within a header block',
      F.PROTOCOL_ERROR,
      Buffer.concat([headers(1, { ':status': '200' }, 0), ping()]),
    ],
    [
      'CONTINUATION of another stream',
      F.PROTOCOL_ERROR,
      Buffer.concat([headers(1, { ':status': '200' }, 0), frame(F.CONTINUATION, 4, 3)]),
    ],
    [
      'PUSH_PROMISE, which is switched off',
      F.PROTOCOL_ERROR,
      frame(F.PUSH_PROMISE, 4, 1, '\0\0\0\x02'),
    ],
    ['more padding than frame', F.PROTOCOL_ERROR, frame(F.DATA, F.PADDED, 1, '\x05abc')],
    ['padding without its length', F.FRAME_SIZE_ERROR, frame(F.DATA, F.PADDED, 1)],
    ['HEADERS too short for its priority', F.PROTOCOL_ERROR, frame(F.HEADERS, 0x24, 1, 'abc')],
    [
      'a header block that is none',
      F.COMPRESSION_ERROR,
      frame(F.HEADERS, 5, 1, '\xff\xff\xff\xff\xff\xff'),
    ],
    ['a frame of 16,385 bytes', F.FRAME_SIZE_ERROR, frame(F.DATA, 0, 1, Buffer.alloc(16_385))],
    [
      'a header block without end',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat([
        headers(1, { ':status': '200' }, 0),
        ...Array.from({ length: 5 }, () => frame(F.CONTINUATION, 0, 1, Buffer.alloc(16_000))),
      ]),
    ],
    [
      'a flood of PING',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat(Array.from({ length: 50_000 }, () => ping())),
    ],
    [
      'a flood of SETTINGS',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat(Array.from({ length: 50_000 }, () => settings())),
    ],
    [
      'a flood of empty DATA',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat([
        headers(1, { ':status': '500' }, F.END_HEADERS),
        ...Array.from({ length: 50_000 }, () => frame(F.DATA, 0, 1)),
      ]),
    ],
    [
      'a flood of frames nobody knows',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat(Array.from({ length: 50_000 }, () => frame(0xbb, 0, 1))),
    ],
    [
      'a flood of empty CONTINUATION',
      F.ENHANCE_YOUR_CALM,
      Buffer.concat([
        headers(1, { ':status': '200' }, 0),
        ...Array.from({ length: 50_000 }, () => frame(F.CONTINUATION, 0, 1)),
      ]),
    ],
  ];
  for (const [what, code, bytes] of cases)
    test(what, async (t) => {
      const { client, peer } = await rawPair(t);
      const ended = client.open();
      await peer.next(F.DATA);
      peer.send(bytes);
      assert.equal(await peer.goawayCode(), code);
      assert.equal((await ended).ending, 'no-answer');
      await client.closed;
    });

  test('a first frame that is not SETTINGS', async (t) => {
    const server = await startRawServer(t, ping());
    const client = startClient(t, server.origin);
    assert.equal(await (await server.peer()).goawayCode(), F.PROTOCOL_ERROR);
    assert.match(await client.closed, /first frame/);
  });

  test('an answer in HTTP/1.1', async (t) => {
    const server = await startRawServer(t, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const client = startClient(t, server.origin);
    assert.equal(await (await server.peer()).goawayCode(), F.FRAME_SIZE_ERROR);
    assert.match(await client.closed, /protocol/);
  });
});

describe('what breaks a single stream ends that one, and the connection goes on', () => {
  const cases: [string, number, Buffer][] = [
    ['an answer without a status', F.PROTOCOL_ERROR, headers(1, { 'content-type': 'a' })],
    ['two statuses', F.PROTOCOL_ERROR, frame(F.HEADERS, 5, 1, '\x88\x88')],
    ['a status of 2000', F.PROTOCOL_ERROR, headers(1, { ':status': '2000' })],
    ['a method in an answer', F.PROTOCOL_ERROR, headers(1, { ':status': '200', ':method': 'GET' })],
    ['a name in upper case', F.PROTOCOL_ERROR, headers(1, { ':status': '200', Date: 'x' })],
    ['a header of HTTP/1.1', F.PROTOCOL_ERROR, headers(1, { ':status': '200', connection: 'x' })],
    ['the status 101', F.PROTOCOL_ERROR, headers(1, { ':status': '101' }, F.END_HEADERS)],
    ['100 and no more', F.PROTOCOL_ERROR, headers(1, { ':status': '100' })],
    ['a body before its headers', F.PROTOCOL_ERROR, frame(F.DATA, 1, 1, 'x')],
    [
      'trailers that are not the end',
      F.PROTOCOL_ERROR,
      Buffer.concat([
        headers(1, { ':status': '500' }, F.END_HEADERS),
        headers(1, { a: 'b' }, F.END_HEADERS),
      ]),
    ],
    [
      'a body shorter than it says',
      F.PROTOCOL_ERROR,
      Buffer.concat([
        headers(1, { ':status': '500', 'content-length': '5' }, F.END_HEADERS),
        frame(F.DATA, 1, 1, 'abc'),
      ]),
    ],
    ['WINDOW_UPDATE of nothing', F.PROTOCOL_ERROR, frame(F.WINDOW_UPDATE, 0, 1, number(0))],
    [
      'a window that overflows',
      F.FLOW_CONTROL_ERROR,
      frame(F.WINDOW_UPDATE, 0, 1, number(F.MAX_WINDOW)),
    ],
    [
      'headers that are too long',
      F.CANCEL,
      headers(
        1,
        Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`name-${i}`, 'x'.repeat(110)])),
        5,
      ),
    ],
  ];
  for (const [what, code, bytes] of cases)
    test(what, async (t) => {
      const { client, peer } = await rawPair(t);
      const ended = client.open();
      await peer.next(F.DATA);
      // in time for the connection: what is late for a stream that was reset is ignored
      peer.send(bytes, frame(F.DATA, 1, 1, 'late'), frame(F.RST_STREAM, 0, 1, number(0)));
      const reset = await peer.next(F.RST_STREAM);
      assert.deepEqual([reset.id, reset.payload.readUInt32BE(0)], [1, code]);
      assert.equal((await ended).ending, 'no-answer');
      const second = client.open();
      assert.equal((await peer.next(F.DATA)).id, 3);
      peer.send(ok(3));
      assert.equal((await second).ending, 'answered');
    });
});

test('an answer with everything a peer may add is read as one without', async (t) => {
  const { client, peer } = await rawPair(t);
  const ended = client.open();
  await peer.next(F.DATA);
  const block = fields({ ':status': '429', 'retry-after': '7', 'x-more': 'y'.repeat(300) });
  const bytes = Buffer.concat([
    frame(0xaa, 0xff, 1, 'unknown'),
    frame(F.PRIORITY, 0, 1, '\0\0\0\0\x10'),
    frame(F.PRIORITY, 0, 77, '\0\0\0\0\x10'),
    headers(1, { ':status': '103', link: 'x' }, F.END_HEADERS),
    headers(1, { ':status': '100' }, F.END_HEADERS),
    // padding of 3, a priority, and the block in three pieces, one of them empty
    frame(
      F.HEADERS,
      F.PADDED | F.PRIORITIZED,
      1,
      Buffer.concat([Buffer.from('\x03\0\0\0\0\x10'), block.subarray(0, 11), Buffer.alloc(3)]),
    ),
    frame(F.CONTINUATION, 0, 1),
    frame(F.CONTINUATION, F.END_HEADERS, 1, block.subarray(11)),
    frame(
      F.DATA,
      F.PADDED,
      1,
      Buffer.concat([Buffer.from([200]), Buffer.from('{"a"'), Buffer.alloc(200)]),
    ),
    frame(F.DATA, 0, 1),
    frame(F.DATA, 0, 1, ':1}'),
    headers(1, { 'x-trailer': 'z' }),
  ]);
  // a byte at a time, in records of their own
  for (const byte of bytes) peer.socket.write(Buffer.from([byte]));
  const { ending, status, retryAfter, body } = await ended;
  assert.deepEqual([ending, status, retryAfter, body], ['answered', 429, '7', '{"a":1}']);
});

test('what a client announces is what it means', async (t) => {
  const { peer } = await rawPair(t);
  const { payload } = peer.frames.find((it) => it.type === F.SETTINGS && it.flags === 0)!;
  const announced = F.settingsPayload([
    [F.ENABLE_PUSH, 0],
    [F.INITIAL_WINDOW_SIZE, 80 * 1024],
    [F.MAX_HEADER_LIST_SIZE, 16 * 1024],
  ]);
  assert.deepEqual(payload, announced);
  const window = await peer.next(F.WINDOW_UPDATE);
  assert.deepEqual([window.id, window.payload.readUInt32BE(0)], [0, 1024 * 1024 - 65_535]);
});

test('SETTINGS and PING are answered, and unknown settings ignored', async (t) => {
  const { client, peer } = await rawPair(t);
  const acks = () =>
    peer.frames.filter((it) => it.type === F.SETTINGS && it.flags === F.ACK).length;
  await until(() => acks() === 1);
  peer.send(settings([0x99, 5], [F.MAX_CONCURRENT_STREAMS, 3]), ping());
  const pong = await peer.next(F.PING);
  assert.deepEqual([pong.flags, pong.payload.toString()], [F.ACK, '12345678']);
  assert.equal(acks(), 2);
  assert.equal(client.connection.room(), 3);
});

test('our PING is answered, or not in time', async (t) => {
  const { client, peer } = await rawPair(t);
  const asked = (ms: number) =>
    new Promise<boolean>((resolve) => client.connection.ping(ms, resolve));
  const first = asked(10_000);
  const { payload } = await peer.next(F.PING);
  peer.send(frame(F.PING, F.ACK, 0, 'nonsense'), frame(F.PING, F.ACK, 0, payload));
  assert.equal(await first, true);
  assert.equal(await asked(20), false);
});

test('the bodies of requests wait for windows, which may even be negative', async (t) => {
  const { client, peer } = await rawPair(t, settings([F.INITIAL_WINDOW_SIZE, 10]));
  const body = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');
  const ended = client.open({ body });
  const data = (): Frame[] => peer.frames.filter((it) => it.type === F.DATA && it.id === 1);
  const sent = () => Buffer.concat(data().map((it) => it.payload)).toString();
  const settled = async () => {
    const before = peer.frames.filter((it) => it.type === F.PING).length;
    peer.send(ping());
    await until(() => peer.frames.filter((it) => it.type === F.PING).length > before);
  };
  await peer.next(F.DATA);
  await settled();
  assert.equal(sent(), '0123456789');
  // minus 5, then exactly nothing, then one byte
  peer.send(settings([F.INITIAL_WINDOW_SIZE, 5]), frame(F.WINDOW_UPDATE, 0, 1, number(5)));
  await settled();
  assert.equal(sent(), '0123456789');
  peer.send(frame(F.WINDOW_UPDATE, 0, 1, number(1)));
  await settled();
  assert.equal(sent(), '0123456789a');
  peer.send(settings([F.INITIAL_WINDOW_SIZE, 15]));
  await settled();
  assert.equal(sent(), '0123456789abcdefghijk');
  peer.send(frame(F.WINDOW_UPDATE, 0, 1, number(1000)));
  await until(() => data().some((it) => (it.flags & F.END_STREAM) !== 0));
  assert.equal(sent(), body.toString());
  peer.send(ok(1));
  assert.equal((await ended).ending, 'answered');
});

test('no stream is opened while the window of the connection is used up', async (t) => {
  const { client, peer } = await rawPair(t, settings([F.INITIAL_WINDOW_SIZE, 2 ** 20]));
  const ended = client.open({ body: Buffer.alloc(100_000, 'x') });
  const bytes = () =>
    peer.frames.filter((it) => it.type === F.DATA).reduce((sum, it) => sum + it.payload.length, 0);
  await until(() => bytes() === F.DEFAULT_WINDOW);
  assert.equal(client.connection.room(), 0);
  const { rooms } = client;
  peer.send(frame(F.WINDOW_UPDATE, 0, 0, number(100_000)));
  await until(() => bytes() === 100_000);
  assert.ok(client.rooms > rooms && client.connection.room() > 0);
  peer.send(ok(1));
  assert.equal((await ended).ending, 'answered');
});

test('an answer before the end of its request ends both', async (t) => {
  const { client, peer } = await rawPair(t, settings([F.INITIAL_WINDOW_SIZE, 0]));
  const ended = client.open();
  await peer.next(F.HEADERS);
  peer.send(headers(1, { ':status': '413' }));
  assert.deepEqual([(await ended).ending, (await ended).status], ['answered', 413]);
  assert.equal((await peer.next(F.RST_STREAM)).payload.readUInt32BE(0), F.CANCEL);
});

test('long headers go out in CONTINUATION', async (t) => {
  const { client, peer } = await rawPair(t);
  const long = { a: 'x'.repeat(20_000), b: '~'.repeat(20_000) };
  const ended = client.open({ headers: long });
  await peer.next(F.DATA);
  const block = peer.frames.filter((it) => it.type === F.HEADERS || it.type === F.CONTINUATION);
  assert.deepEqual(
    block.map((it) => [it.type, it.flags & F.END_HEADERS]),
    [
      [F.HEADERS, 0],
      [F.CONTINUATION, 0],
      [F.CONTINUATION, F.END_HEADERS],
    ],
  );
  assert.ok(block.every((it) => it.payload.length <= F.DEFAULT_FRAME_SIZE));
  peer.send(ok(1));
  assert.equal((await ended).ending, 'answered');
});

test('bodies beyond our window are flow controlled: many large answers arrive whole', async (t) => {
  const { client, peer } = await rawPair(t);
  for (let round = 0; round < 60; round++) {
    const ended = client.open();
    const { id } = await peer.next(F.DATA);
    peer.send(
      headers(id, { ':status': '500' }, F.END_HEADERS),
      ...Array.from({ length: 3 }, () => frame(F.DATA, 0, id, Buffer.alloc(16_000, 'y'))),
      frame(F.DATA, F.END_STREAM, id, 'z'),
    );
    assert.equal((await ended).body.length, 48_001);
  }
  const given = peer.frames.filter((it) => it.type === F.WINDOW_UPDATE && it.id === 0);
  const granted = given.reduce((sum, it) => sum + it.payload.readUInt32BE(0), F.DEFAULT_WINDOW);
  assert.ok(granted >= 60 * 48_001 && given.length < 10, `${given.length} updates`);
});

test('GOAWAY in two steps: what is above the last stream is refused, the rest is answered', async (t) => {
  const { client, peer } = await rawPair(t);
  const all = [client.open(), client.open(), client.open()];
  await until(() => peer.frames.filter((it) => it.type === F.DATA).length === 3);
  peer.send(goaway(F.MAX_STREAM_ID));
  await until(() => client.connection.phase === 'draining');
  assert.equal(client.connection.room(), 0);
  peer.send(goaway(3), ok(3));
  assert.equal((await all[2]!).ending, 'refused');
  assert.equal((await all[1]!).ending, 'answered');
  assert.equal(client.connection.phase, 'draining');
  peer.send(ok(1));
  assert.equal((await all[0]!).ending, 'answered');
  await client.closed;
  assert.equal(client.connection.served, 2);
});

test('REFUSED_STREAM is refused, any other reset is no answer', async (t) => {
  const { client, peer } = await rawPair(t);
  const endings = [client.open(), client.open(), client.open()];
  await until(() => peer.frames.filter((it) => it.type === F.DATA).length === 3);
  peer.send(
    frame(F.RST_STREAM, 0, 1, number(F.REFUSED_STREAM)),
    frame(F.RST_STREAM, 0, 3, number(F.INTERNAL_ERROR)),
    headers(5, { ':status': '200' }, F.END_HEADERS),
    frame(F.RST_STREAM, 0, 5, number(F.NO_ERROR)),
  );
  assert.deepEqual(
    (await Promise.all(endings)).map((it) => it.ending),
    ['refused', 'no-answer', 'answered'],
  );
});

test('what has not been written when the connection goes is refused, what has is no answer', async (t) => {
  const { client, peer } = await rawPair(t);
  const written = client.open();
  await peer.next(F.DATA);
  const unwritten = client.open();
  client.connection.destroy('gone');
  assert.equal((await written).ending, 'no-answer');
  assert.equal((await unwritten).ending, 'refused');
  await peer.next(F.GOAWAY);
  assert.equal(peer.frames.filter((it) => it.type === F.HEADERS).length, 1);
});

test('a smaller header table is obeyed', async (t) => {
  const { client, peer } = await rawPair(t, settings([F.HEADER_TABLE_SIZE, 0]));
  for (let id = 1; id < 6; id += 2) {
    const ended = client.open();
    const { payload } = await peer.next(F.HEADERS);
    // an update to 0 first; then nothing but static indices and literals that are not kept
    if (id === 1) assert.equal(payload[0], 0x20);
    assert.ok(
      !payload.subarray(1).some((byte, i) => i < 3 && byte > 0xbd),
      payload.toString('hex'),
    );
    peer.send(ok(id));
    assert.equal((await ended).ending, 'answered');
  }
});

test('a peer that stops reading gets no more requests than a bound', async (t) => {
  const { client, peer } = await rawPair(
    t,
    Buffer.concat([
      settings([F.INITIAL_WINDOW_SIZE, F.MAX_WINDOW]),
      frame(F.WINDOW_UPDATE, 0, 0, number(F.MAX_WINDOW - F.DEFAULT_WINDOW)),
    ]),
  );
  peer.socket.pause();
  const body = Buffer.alloc(16_000, 'x');
  const endings: Promise<unknown>[] = [];
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let idle = 0; idle < 100; idle++) {
    await turn();
    while (client.connection.room() > 0) {
      idle = 0;
      endings.push(client.open({ body }));
    }
  }
  assert.ok(endings.length < 2000, `${endings.length} requests`);
  const { rooms } = client;
  peer.socket.resume();
  await until(() => client.rooms > rooms);
  assert.ok(client.connection.room() > 0);
  client.connection.destroy('enough');
  await Promise.all(endings);
});

test('every setting at once, and again, does no harm', async (t) => {
  const { client, peer } = await rawPair(
    t,
    settings([F.MAX_CONCURRENT_STREAMS, 0], [F.MAX_HEADER_LIST_SIZE, 1]),
  );
  assert.equal(client.connection.room(), 0);
  peer.send(settings([F.MAX_CONCURRENT_STREAMS, 5], [F.MAX_FRAME_SIZE, 2 ** 24 - 1]), ack, ack);
  await until(() => client.connection.room() === 5);
});

test('a second connection resumes the session of the first, and only with the same trust', async (t) => {
  const server = await startRawServer(t);
  const first = startClient(t, server.origin);
  await first.ready;
  // tickets come before what is written behind them
  await new Promise<boolean>((resolve) => {
    first.connection.ping(10_000, resolve);
    void server.peer().then(async (peer) => {
      const { payload } = await peer.next(F.PING);
      peer.send(frame(F.PING, F.ACK, 0, payload));
    });
  });
  await startClient(t, server.origin).ready;
  assert.deepEqual(
    server.peers.map((it) => it.socket.isSessionReused()),
    [false, true],
  );
});
