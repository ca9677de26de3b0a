/** A pool that opens its connection before the first request. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, LONG_MS, startPeer, startPool, startProxy } from '../peer.ts';

test('a connection is opened once, however many ask, and the first request finds it', async (t) => {
  const peer = await startPeer(t);
  const pool = startPool(t, { origin: peer.origin });
  await Promise.all([pool.ready(), pool.ready(), pool.ready()]);
  assert.equal(peer.sessions.length, 1);
  assert.equal((await ask(pool)).kind, 'reply');
  await pool.ready();
  assert.equal(peer.sessions.length, 1);
});

test('a server that is not there ends the wait, and the next request is answered as ever', async (t) => {
  const peer = await startPeer(t);
  const pool = startPool(t, { origin: peer.origin });
  await peer.stop();
  await pool.ready();
  assert.equal((await ask(pool)).kind, 'refused');
});

test('a connection that was lost while it was idle is found before the first request', async (t) => {
  const peer = await startPeer(t);
  const proxy = await startProxy(t, peer.port);
  let now = 0;
  const idle = { origin: proxy.origin, now: () => now, idleMs: 1_000 };
  // it answers when the machine lets it
  const well = startPool(t, { ...idle, pingMs: LONG_MS });
  await well.ready();
  now += 2_000;
  await well.ready();
  assert.equal(proxy.opened(), 1, 'it has answered');

  const lost = startPool(t, { ...idle, pingMs: 50 });
  await lost.ready();
  proxy.silence();
  now += 2_000;
  await lost.ready();
  assert.equal((await ask(lost)).kind, 'reply');
  assert.equal(proxy.opened(), 3);
});

test('a pool that closes lets go of who waits', async (t) => {
  const peer = await startPeer(t);
  const pool = startPool(t, { origin: peer.origin });
  const waiting = pool.ready();
  await pool.close();
  await waiting;
  await pool.ready();
});
