/** Random peers: those that keep the rules are understood, and those that break them do no harm. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startServer } from '../../../functions/http2/server/server.ts';
import { createFrameReader } from '../../../functions/http2/session/frames.ts';
import * as F from '../../../functions/http2/session/protocol.ts';
import { chance } from '../chance.ts';
import { frame, get, headers, ok } from '../frames.ts';
import { certificate, until } from '../peer.ts';
import { connectRaw, type Frame, rawClient, rawPair } from '../raw.ts';
import { damaged, pieces, walkOfClient, walkOfServer } from './walks.ts';

const FIRST = Number(process.env.FIRST_SEED ?? 1);
const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 60) }, (_, i) => FIRST + i);
const isEnd = ({ type }: Frame) => type === F.GOAWAY || type === F.RST_STREAM;

test('frames are the same however the bytes are split into chunks', () => {
  for (const seed of SEEDS) {
    const c = chance(seed);
    const sent = Array.from({ length: 1 + c.upTo(30) }, () => ({
      type: c.upTo(256),
      flags: c.upTo(256),
      id: c.pick([0, 1, F.MAX_STREAM_ID]),
      payload: c.text(c.upTo(c.pick([1, 20, F.DEFAULT_FRAME_SIZE + 1])), 0, 255),
    }));
    const bytes = Buffer.concat(
      sent.map(({ type, flags, id, payload }) => frame(type, flags, id, payload)),
    );
    const got: typeof sent = [];
    const reader = createFrameReader(F.DEFAULT_FRAME_SIZE, ({ type, flags, id, bytes, from, to }) =>
      got.push({ type, flags, id, payload: bytes.toString('latin1', from, to) }),
    );
    for (const piece of pieces(c, bytes)) reader.read(piece, 0, piece.length);
    assert.ok(isDeepStrictEqual(got, sent), `seed ${seed}`);
  }
});

test('our server answers every request of a random client that keeps the rules', async (t) => {
  for (const seed of SEEDS) {
    const c = chance(seed);
    const { parts, ended } = walkOfClient(c, 30 + c.upTo(200));
    const { peer } = await rawClient(t, {
      request: (it) => it.connection.respond(it, 200, {}, 'y'.repeat(it.body.length)),
    });
    for (const piece of pieces(c, Buffer.concat(parts))) peer.socket.write(piece);
    const answered = (id: number) =>
      peer.frames.some(
        (it) => it.id === id && it.type <= F.HEADERS && (it.flags & F.END_STREAM) !== 0,
      );
    await until(() => peer.frames.some(isEnd) || [...ended.keys()].every(answered));
    assert.deepEqual(peer.frames.filter(isEnd), [], `seed ${seed}`);
    for (const [id, size] of ended) {
      const data = peer.frames.filter((it) => it.type === F.DATA && it.id === id);
      const got = data.reduce((sum, it) => sum + it.payload.length, 0);
      assert.equal(got, size, `seed ${seed}, stream ${id}`);
    }
    peer.socket.destroy();
  }
});

test('our client reads every answer of a random server that keeps the rules', async (t) => {
  for (const seed of SEEDS) {
    const c = chance(seed);
    const { client, peer } = await rawPair(t);
    const count = 1 + c.upTo(20);
    const asked = Array.from({ length: count }, () => client.open());
    const bodies = () => peer.frames.filter((it) => it.type === F.DATA).length;
    await until(() => bodies() === count);
    const { parts, endings } = walkOfServer(c, count);
    const late = c.upTo(3) === 0 ? c.upTo(parts.length) : parts.length;
    const send = (some: Buffer[]) => {
      for (const piece of pieces(c, Buffer.concat(some))) peer.socket.write(piece);
    };
    send(parts.slice(0, late));
    if (late < parts.length) client.connection.expire(0);
    send(parts.slice(late));
    for (const [i, { ending, reason, status, body }] of (await Promise.all(asked)).entries()) {
      if (/deadline/.test(reason) && late < parts.length) continue;
      const got = ending === 'answered' ? `${ending} ${status} ${body}` : ending;
      assert.equal(got, endings.get(2 * i + 1), `seed ${seed}, stream ${2 * i + 1}`);
    }
    const another = client.open();
    await until(() => bodies() > count || client.connection.phase !== 'open');
    peer.send(ok(2 * count + 1));
    assert.equal((await another).ending, 'answered', `seed ${seed}`);
    client.connection.destroy('enough');
  }
});

test('a client that sends damaged bytes does not stop our server for others', async (t) => {
  let given = 0;
  const server = await startServer({
    ...certificate,
    port: 0,
    maxStreams: 100,
    request(stream) {
      given += 1;
      stream.connection.respond(stream, 200, {}, stream.body);
    },
  });
  t.after(() => server.close());
  for (const seed of SEEDS) {
    const c = chance(seed + 1000);
    const peer = await connectRaw(t, server.port);
    const bytes = damaged(c, walkOfClient(c, 30 + c.upTo(200)).parts);
    for (const piece of pieces(c, bytes)) peer.socket.write(piece);
    peer.socket.end();
    await until(() => peer.socket.readableEnded || peer.socket.destroyed);
  }
  assert.ok(given > SEEDS.length, 'too much damage: nothing is tested');
  const peer = await connectRaw(t, server.port);
  peer.send(headers(1, get));
  await peer.next(F.HEADERS);
});

test('our client ends every request exactly once when a server sends damaged bytes', async (t) => {
  let answered = 0;
  for (const seed of SEEDS) {
    const c = chance(seed + 2000);
    const { client, peer } = await rawPair(t);
    const endings = Array.from({ length: 1 + c.upTo(20) }, () => client.open());
    await until(() => peer.frames.filter((it) => it.type === F.DATA).length === endings.length);
    const bytes = damaged(c, walkOfServer(c, endings.length).parts);
    for (const piece of pieces(c, bytes)) peer.socket.write(piece);
    peer.socket.end();
    for (const { ending } of await Promise.all(endings)) if (ending === 'answered') answered += 1;
    await client.closed;
    assert.equal(client.connection.streams(), 0, `seed ${seed}`);
  }
  assert.ok(answered > SEEDS.length, 'too much damage: nothing is tested');
});

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
function memory(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
const STREAMS = 20;
const BODY = 60_000;
const odd = Array.from({ length: STREAMS }, (_, i) => 2 * i + 1);
/** The body of a stream in frames of one byte, all but the last one. */
const inBytes = (id: number) => Buffer.concat(new Array(BODY - 1).fill(frame(F.DATA, 0, id, 'x')));
const last = (id: number) => frame(F.DATA, F.END_STREAM, id, 'x');
/** Within three times the bodies; what the test itself wrote is freed some turns later. */
const isBounded = (before: number) => () => memory() - before < 3 * STREAMS * BODY;

test('answers in frames of one byte take our client little more memory than their length', async (t) => {
  const { client, peer } = await rawPair(t);
  const asked = odd.map(() => client.open());
  await until(() => peer.frames.filter((it) => it.type === F.DATA).length === STREAMS);
  const before = memory();
  for (const id of odd) peer.send(headers(id, { ':status': '500' }, F.END_HEADERS), inBytes(id));
  peer.send(frame(F.PING, 0, 0, '12345678'));
  await peer.next(F.PING);
  await until(isBounded(before));
  peer.send(...odd.map(last));
  for (const { body } of await Promise.all(asked)) assert.equal(body.length, BODY);
});

test('requests in frames of one byte take our server little more memory than their length', async (t) => {
  const lengths: number[] = [];
  const { peer } = await rawClient(t, { request: (it) => lengths.push(it.body.length) });
  const before = memory();
  for (const id of odd) peer.send(headers(id, get, F.END_HEADERS), inBytes(id));
  peer.send(frame(F.PING, 0, 0, '12345678'));
  await peer.next(F.PING);
  await until(isBounded(before));
  peer.send(...odd.map(last));
  await until(() => lengths.length === STREAMS);
  assert.ok(lengths.every((length) => length === BODY));
});
