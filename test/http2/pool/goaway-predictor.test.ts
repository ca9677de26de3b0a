import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createForesight } from '../../../functions/http2/pool/goaway-predictor.ts';
import type { Link } from '../../../functions/http2/pool/links.ts';
import { answer, ask, onceEach, sendMany, startPeer, startPool, tally, until } from '../peer.ts';

const link = (opened: number, room = 100): Link =>
  ({ opened, connection: { room: () => room } }) as unknown as Link;
/** Whether a connection with so many streams is left for another one. */
const retires = (foresight: ReturnType<typeof createForesight>, opened: number) =>
  foresight.gave(link(opened), [link(0)], 0) === 'retire';

test('one GOAWAY is no pattern, two alike are', () => {
  const foresight = createForesight();
  foresight.closed(2000);
  assert.ok(!retires(foresight, 1_000_000));
  foresight.closed(1600);
  assert.ok(!retires(foresight, 1598));
  assert.ok(retires(foresight, 1599), 'before the shortest that was seen');
});

test('lifetimes that differ by more than half are no pattern', () => {
  const foresight = createForesight();
  for (const streams of [2000, 1600, 700]) foresight.closed(streams);
  assert.ok(!retires(foresight, 1_000_000));
  foresight.closed(800);
  assert.ok(retires(foresight, 799));
});

test('a connection is kept while no other has room', () => {
  const foresight = createForesight();
  foresight.closed(100);
  foresight.closed(100);
  const old = link(150);
  assert.notEqual(foresight.gave(old, [old, link(10, 0)], 0), 'retire');
});

test('a peer that closes nothing any more is expected to close nothing, after a while', () => {
  const foresight = createForesight();
  foresight.closed(100);
  foresight.closed(100);
  let connections = 0;
  while (retires(foresight, 1000)) connections += 1;
  assert.ok(connections > 24 && connections < 40, `${connections}`);
});

test('the next connection is made when the streams that are left will not last', () => {
  const foresight = createForesight();
  foresight.closed(2001);
  foresight.closed(2001);
  foresight.connectTook(50);
  // 10 streams a millisecond: 1,000 of them in the time of two connects
  const it = link(0);
  let prepared = 0;
  for (let ms = 0; it.opened < 1990 && prepared === 0; ms += 1)
    for (let i = 0; i < 10; i++) {
      it.opened += 1;
      if (foresight.gave(it, [it], ms) === 'prepare') prepared ||= it.opened;
    }
  assert.ok(prepared > 950 && prepared < 1100, `${prepared}`);
  assert.equal(foresight.gave(it, [it, link(0)], 150), null, 'one is enough');
});

test('a pool leaves a connection before a regular GOAWAY, once the next one is there', async (t) => {
  const LIFETIME = 200;
  const peer = await startPeer(t, (stream, _, on) => {
    if (on.streams === LIFETIME) on.session.close();
    return answer(stream);
  });
  // no time passes: everything is asked at once, so the next connection is due at once
  const pool = startPool(t, { origin: peer.origin, now: () => 0 });
  let asked = 0;
  const some = async (n: number) => {
    for (let i = 0; i < n; i++) assert.equal((await ask(pool, `/${asked++}`)).kind, 'reply');
  };
  await some(2 * LIFETIME);
  await some(130);
  assert.deepEqual(
    peer.sessions.slice(0, 3).map((it) => it.streams),
    [LIFETIME, LIFETIME, 130],
  );
  await until(() => peer.sessions.length >= 4);
  // it has room from when its SETTINGS have come, which a request more or less may wait for
  await some(100);
  const third = peer.sessions[2]!;
  assert.ok(third.streams < LIFETIME, `${third.streams} streams`);
  await until(() => third.session.destroyed);
  assert.ok(onceEach(peer.processed, asked));
});

test('lifetimes that are short and differ: nothing is lost, nothing is sent twice', async (t) => {
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
