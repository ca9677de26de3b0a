import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as F from '../../../functions/http2/session/protocol.ts';
import { settingsPayload } from '../../../functions/http2/session/settings.ts';
import { ack, fields, frame, goaway, headers, number, ok, settings } from '../frames.ts';
import { LONG_MS, until } from '../peer.ts';
import { rawPair, startClient, startRawServer } from '../raw.ts';

const ping = (flags = 0) => frame(F.PING, flags, 0, '12345678');

test('an answer with everything that a peer may add is read, byte by byte', async (t) => {
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
  // every byte in a TLS record of its own
  for (const byte of bytes) peer.socket.write(Buffer.from([byte]));
  const { ending, status, retryAfter, body } = await ended;
  assert.deepEqual([ending, status, retryAfter, body], ['answered', 429, '7', '{"a":1}']);
});

test('the client announces its settings and its window', async (t) => {
  const { peer } = await rawPair(t);
  const { payload } = peer.frames.find((it) => it.type === F.SETTINGS && it.flags === 0)!;
  const announced = settingsPayload([
    [F.ENABLE_PUSH, 0],
    [F.INITIAL_WINDOW_SIZE, 80 * 1024],
    [F.MAX_HEADER_LIST_SIZE, 16 * 1024],
  ]);
  assert.deepEqual(payload, announced);
  const window = await peer.next(F.WINDOW_UPDATE);
  assert.deepEqual([window.id, window.payload.readUInt32BE(0)], [0, 1024 * 1024 - 65_535]);
});

test('SETTINGS and PING are acknowledged, and unknown settings are ignored', async (t) => {
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

test('a PING of ours is answered, or its deadline passes', async (t) => {
  const { client, peer } = await rawPair(t);
  const asked = (ms: number) =>
    new Promise<boolean>((resolve) => client.connection.ping(ms, resolve));
  const first = asked(LONG_MS);
  const { payload } = await peer.next(F.PING);
  peer.send(frame(F.PING, F.ACK, 0, 'nonsense'), frame(F.PING, F.ACK, 0, payload));
  assert.equal(await first, true);
  assert.equal(await asked(20), false);
});

test('long headers are written as HEADERS and CONTINUATION', async (t) => {
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

test('with GOAWAY in two steps streams above the last one are refused and the others answered', async (t) => {
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

test('REFUSED_STREAM ends a request as refused, any other reset without an answer', async (t) => {
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

test('when a connection ends, unwritten requests are refused and written ones have no answer', async (t) => {
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

test('the encoder obeys a smaller header table', async (t) => {
  const { client, peer } = await rawPair(t, settings([F.HEADER_TABLE_SIZE, 0]));
  for (let id = 1; id < 6; id += 2) {
    const ended = client.open();
    const { payload } = await peer.next(F.HEADERS);
    // an update to 0 first; then only static indices and literals that are not indexed
    if (id === 1) assert.equal(payload[0], 0x20);
    assert.ok(
      !payload.subarray(1).some((byte, i) => i < 3 && byte > 0xbd),
      payload.toString('hex'),
    );
    peer.send(ok(id));
    assert.equal((await ended).ending, 'answered');
  }
});

test('settings may change several times, and extra acknowledgements are ignored', async (t) => {
  const { client, peer } = await rawPair(
    t,
    settings([F.MAX_CONCURRENT_STREAMS, 0], [F.MAX_HEADER_LIST_SIZE, 1]),
  );
  assert.equal(client.connection.room(), 0);
  peer.send(settings([F.MAX_CONCURRENT_STREAMS, 5], [F.MAX_FRAME_SIZE, 2 ** 24 - 1]), ack, ack);
  await until(() => client.connection.room() === 5);
});

test('a second connection resumes the TLS session of the first', async (t) => {
  const server = await startRawServer(t);
  const first = startClient(t, server.origin);
  await first.ready;
  // a session ticket comes before whatever the server writes after it
  await new Promise<boolean>((resolve) => {
    first.connection.ping(LONG_MS, resolve);
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
