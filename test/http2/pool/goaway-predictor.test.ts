import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createGoawayPredictor,
  type GoawayPredictor,
} from '../../../functions/http2/pool/goaway-predictor.ts';
import type { Link } from '../../../functions/http2/pool/link.ts';
import { answer, ask, onceEach, sendMany, startPeer, startPool, tally, until } from '../peer.ts';

const link = (opened: number, room = 100): Link =>
  ({ opened, connection: { room: () => room } }) as unknown as Link;
/** Tells whether a connection that was given `opened` streams is left for another one. */
const retires = (predictor: GoawayPredictor, opened: number) =>
  predictor.streamOpened(link(opened), [link(0)], 0) === 'retire';

test('two GOAWAYs after a similar number of streams are a pattern, one is not', () => {
  const predictor = createGoawayPredictor();
  predictor.closedAfter(2000);
  assert.ok(!retires(predictor, 1_000_000));
  predictor.closedAfter(1600);
  assert.ok(!retires(predictor, 1598));
  assert.ok(retires(predictor, 1599), 'one stream before the shortest lifetime seen');
});

test('lifetimes are no pattern if one is more than twice another', () => {
  const predictor = createGoawayPredictor();
  for (const streams of [2000, 1600, 700]) predictor.closedAfter(streams);
  assert.ok(!retires(predictor, 1_000_000));
  predictor.closedAfter(800);
  assert.ok(retires(predictor, 799));
});

test('a connection is not retired while no other has room', () => {
  const predictor = createGoawayPredictor();
  predictor.closedAfter(100);
  predictor.closedAfter(100);
  const old = link(150);
  assert.notEqual(predictor.streamOpened(old, [old, link(10, 0)], 0), 'retire');
});

test('a peer that stops closing connections is expected to stop, after some connections', () => {
  const predictor = createGoawayPredictor();
  predictor.closedAfter(100);
  predictor.closedAfter(100);
  let connections = 0;
  while (retires(predictor, 1000)) connections += 1;
  assert.ok(connections > 24 && connections < 40, `${connections}`);
});

test('the next connection is prepared when the streams that are left do not last until it is ready', () => {
  const predictor = createGoawayPredictor();
  predictor.closedAfter(2001);
  predictor.closedAfter(2001);
  predictor.connectTook(50);
  // 10 streams per millisecond: 1,000 of them in the time of two connects
  const only = link(0);
  let prepared = 0;
  for (let ms = 0; only.opened < 1990 && prepared === 0; ms += 1)
    for (let i = 0; i < 10; i++) {
      only.opened += 1;
      if (predictor.streamOpened(only, [only], ms) === 'prepare') prepared ||= only.opened;
    }
  assert.ok(prepared > 950 && prepared < 1100, `${prepared}`);
  assert.equal(predictor.streamOpened(only, [only, link(0)], 150), null, 'one is enough');
});

test('a pool leaves a connection before a regular GOAWAY, when the next one is ready', async (t) => {
  const LIFETIME = 200;
  const peer = await startPeer(t, (stream, _, on) => {
    if (on.streams === LIFETIME) on.session.close();
    return answer(stream);
  });
  // no time passes, so any rate seems infinite and the next connection is due immediately
  const pool = startPool(t, { origin: peer.origin, now: () => 0 });
  let asked = 0;
  const askSome = async (n: number) => {
    for (let i = 0; i < n; i++) assert.equal((await ask(pool, `/${asked++}`)).kind, 'reply');
  };
  await askSome(2 * LIFETIME);
  await askSome(130);
  assert.deepEqual(
    peer.sessions.slice(0, 3).map((it) => it.streams),
    [LIFETIME, LIFETIME, 130],
  );
  await until(() => peer.sessions.length >= 4);
  // it has room when its SETTINGS have come, which may take some requests more or fewer
  await askSome(100);
  const third = peer.sessions[2]!;
  assert.ok(third.streams < LIFETIME, `${third.streams} streams`);
  await until(() => third.session.destroyed);
  assert.ok(onceEach(peer.processed, asked));
});

test('with short lifetimes that differ nothing is lost or sent twice', async (t) => {
  let connections = 0;
  const peer = await startPeer(
    t,
    (stream, _, on) => {
      setTimeout(() => answer(stream), 1);
      if (on.streams === 1) connections += 1;
      if (on.streams === 100 + ((connections * 7) % 50)) on.session.close();
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 50 } },
  );
  const pool = startPool(t, { origin: peer.origin, maxConnections: 3 });
  const { counts, answers, all } = sendMany(pool, 5000);
  await all;
  assert.deepEqual(tally(answers.values()), { reply: 5000 });
  assert.ok(onceEach(counts, 5000) && onceEach(peer.processed, 5000));
});
