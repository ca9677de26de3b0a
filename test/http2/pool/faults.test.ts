import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { type TestContext, test } from 'node:test';
import {
  answer,
  ask,
  LONG_MS,
  onceEach,
  sendMany,
  startPeer,
  startPool,
  startProxy,
  tally,
  until,
} from '../peer.ts';

const later = (work: () => void) => setTimeout(work, 1);

/**
 * ms of a deadline that some requests of a test are to miss, and others not. The pool forgives a process
 * that stood still; a busy one needs some turns of its event loop for an answer.
 */
const SLOW_MS = 2_000;

/** Sends 2,000 requests and asserts that each is processed once and answered once. */
async function assertAllOnce(t: TestContext, peer: Awaited<ReturnType<typeof startPeer>>) {
  const pool = startPool(t, { origin: peer.origin });
  const { counts, answers, all } = sendMany(pool, 2000);
  await all;
  assert.deepEqual(tally(answers.values()), { reply: 2000 });
  assert.ok(onceEach(counts, 2000) && onceEach(peer.processed, 2000));
}

test('with GOAWAY every few streams nothing is lost or sent twice', async (t) => {
  const peer = await startPeer(
    t,
    (stream, _, on) => {
      later(() => answer(stream));
      if (on.streams === 7) on.session.close();
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 50 } },
  );
  await assertAllOnce(t, peer);
});

test('with a graceful GOAWAY in two steps nothing is lost or sent twice', async (t) => {
  const peer = await startPeer(
    t,
    (stream, _, on) => {
      later(() => answer(stream));
      if (on.streams === 10) on.session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
      if (on.streams === 20) on.session.close();
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 50 } },
  );
  await assertAllOnce(t, peer);
});

test('after GOAWAY with an error accepted requests are in doubt and the others are sent elsewhere', async (t) => {
  const peer = await startPeer(
    t,
    (stream, _, on) => {
      if (peer.sessions.length > 1) return answer(stream);
      if (on.streams > 10) return 'not processed';
      if (on.streams === 10)
        on.session.goaway(constants.NGHTTP2_INTERNAL_ERROR, stream.id as number);
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 50 } },
  );
  const pool = startPool(t, { origin: peer.origin, maxConnections: 1 });
  const { counts, answers, all } = sendMany(pool, 50);
  await all;
  assert.ok(onceEach(counts, 50));
  assert.ok(Array.from(peer.processed.values()).every((times) => times === 1));
  const kinds = tally(answers.values());
  assert.equal(kinds['no-answer'], 10);
  assert.equal(kinds.reply, 40);
});

test('a connection reset right after GOAWAY leaves no request without an answer', async (t) => {
  const peer = await startPeer(
    t,
    (_, __, on) => {
      if (on.streams === 5) {
        on.session.goaway(constants.NGHTTP2_NO_ERROR, 9);
        proxy.reset();
      }
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 5 } },
  );
  const proxy = await startProxy(t, peer.port);
  const pool = startPool(t, { origin: proxy.origin, maxConnections: 1, deadlineMs: 200 });
  const { counts, answers, all } = sendMany(pool, 5);
  await all;
  assert.ok(onceEach(counts, 5));
  assert.deepEqual(tally(answers.values()), { 'no-answer': 5 });
});

test('requests on refused streams are sent again and processed once', async (t) => {
  let seen = 0;
  const peer = await startPeer(t, (stream) => {
    seen += 1;
    if (seen % 3 > 0) return answer(stream);
    stream.close(constants.NGHTTP2_REFUSED_STREAM);
    return 'not processed';
  });
  const pool = startPool(t, { origin: peer.origin });
  const { counts, answers, all } = sendMany(pool, 100);
  await all;
  assert.ok(onceEach(counts, 100));
  for (const [path, it] of answers)
    assert.equal(peer.processed.get(path), it.kind === 'reply' ? 1 : undefined);
});

test('a peer that refuses every stream is not asked forever', async (t) => {
  const peer = await startPeer(t, (stream) => {
    stream.close(constants.NGHTTP2_REFUSED_STREAM);
    return 'not processed';
  });
  const { answers, all } = sendMany(startPool(t, { origin: peer.origin }), 20);
  await all;
  assert.deepEqual(tally(answers.values()), { refused: 20 });
});

test('a peer that answers everything with GOAWAY is not asked forever', async (t) => {
  const peer = await startPeer(t, (stream, _, on) => {
    on.session.goaway(constants.NGHTTP2_NO_ERROR, 0);
    stream.close(constants.NGHTTP2_REFUSED_STREAM);
    return 'not processed';
  });
  const { answers, all } = sendMany(startPool(t, { origin: peer.origin }), 20);
  await all;
  assert.deepEqual(tally(answers.values()), { refused: 20 });
  assert.ok(peer.sessions.length <= 10, `${peer.sessions.length} connections`);
});

test('requests open when the connection is cut have no answer and are not sent again', async (t) => {
  const peer = await startPeer(
    t,
    (stream, _, on) => {
      if (on.streams === 30) on.socket.destroy();
      else if (on.streams % 2 === 0) answer(stream);
      else setTimeout(() => !stream.destroyed && answer(stream), 5);
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 20 } },
  );
  const pool = startPool(t, { origin: peer.origin });
  const { counts, answers, all } = sendMany(pool, 500);
  await all;
  assert.ok(onceEach(counts, 500));
  for (const [path, it] of answers) {
    const times = peer.processed.get(path) ?? 0;
    assert.ok(it.kind === 'reply' ? times === 1 : times <= 1, `${path} ${it.kind} ${times}`);
    assert.notEqual(it.kind, 'refused');
  }
});

test('when a peer answers nothing, the deadline ends each request and another connection is tried', async (t) => {
  const peer = await startPeer(t, (stream, _, on) =>
    peer.sessions.length === 1 && on.streams > 0 ? 'processed' : answer(stream),
  );
  const pool = startPool(t, { origin: peer.origin, deadlineMs: SLOW_MS });
  const { counts, answers, all } = sendMany(pool, 10);
  await all;
  assert.ok(onceEach(counts, 10));
  assert.deepEqual(tally(answers.values()), { 'no-answer': 10 });
  assert.equal((await ask(pool, '/after')).kind, 'reply');
  assert.equal(peer.sessions.length, 2);
});

test('one slow answer does not end the connection for other requests', async (t) => {
  const peer = await startPeer(t, (stream, headers) =>
    headers[':path'] === '/slow' ? 'processed' : answer(stream),
  );
  const pool = startPool(t, { origin: peer.origin, deadlineMs: SLOW_MS });
  assert.equal((await ask(pool, '/slow')).kind, 'no-answer');
  assert.equal((await ask(pool, '/fast')).kind, 'reply');
  assert.equal(peer.sessions.length, 1);
});

test('a connection that was lost silently is found by PING and replaced', async (t) => {
  const peer = await startPeer(t);
  const proxy = await startProxy(t, peer.port);
  const pool = startPool(t, { origin: proxy.origin, deadlineMs: SLOW_MS, pingMs: 50 });
  assert.equal((await ask(pool, '/1')).kind, 'reply');
  proxy.silence();
  assert.equal((await ask(pool, '/2')).kind, 'no-answer');
  assert.equal((await ask(pool, '/3')).kind, 'reply');
  assert.equal(peer.sessions.length, 2);
  assert.equal(peer.processed.get('/2'), undefined);
});

test('a connection that was idle for long is sent a PING first, so no request is lost on a dead one', async (t) => {
  let now = 0;
  const peer = await startPeer(t);
  const proxy = await startProxy(t, peer.port);
  const idle = { origin: proxy.origin, idleMs: 60_000, now: () => now };
  // it answers when the machine lets it
  const well = startPool(t, { ...idle, pingMs: LONG_MS });
  assert.equal((await ask(well, '/1')).kind, 'reply');
  now += 61_000;
  assert.equal((await ask(well, '/2')).kind, 'reply');
  assert.equal(peer.sessions.length, 1);

  const lost = startPool(t, { ...idle, pingMs: 50 });
  assert.equal((await ask(lost, '/3')).kind, 'reply');
  now += 61_000;
  proxy.silence();
  assert.equal((await ask(lost, '/4')).kind, 'reply');
  assert.equal(peer.sessions.length, 3);
});

test('a connection closed while idle is replaced by the next request', async (t) => {
  const peer = await startPeer(t);
  const pool = startPool(t, { origin: peer.origin });
  for (let round = 1; round <= 3; round++) {
    // a request that is sent before the client sees the end is in doubt; the next one is not
    if ((await ask(pool, `/${round}`)).kind === 'no-answer')
      assert.equal((await ask(pool, `/${round}/again`)).kind, 'reply');
    assert.equal(peer.sessions.length, round);
    const { socket, session } = peer.sessions[round - 1]!;
    socket.destroy();
    await until(() => session.destroyed);
  }
});

test('a connection lost while answers are due is found before their deadline', async (t) => {
  const peer = await startPeer(t, (stream, headers) =>
    headers[':path'] === '/last' ? 'processed' : answer(stream),
  );
  const proxy = await startProxy(t, peer.port);
  const pool = startPool(t, {
    origin: proxy.origin,
    deadlineMs: 3_600_000,
    silenceMs: SLOW_MS,
    pingMs: SLOW_MS,
  });
  assert.equal((await ask(pool, '/first')).kind, 'reply');
  const last = ask(pool, '/last');
  await until(() => peer.processed.has('/last'));
  proxy.silence();
  assert.deepEqual(await last, { kind: 'no-answer', reason: 'no answer to PING' });
});

test('when one connection is found dead, the others are sent a PING before they are used', async (t) => {
  const peer = await startPeer(
    t,
    (stream) => {
      later(() => answer(stream));
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 1 } },
  );
  const proxy = await startProxy(t, peer.port);
  const pool = startPool(t, {
    origin: proxy.origin,
    deadlineMs: 3_600_000,
    silenceMs: SLOW_MS,
    pingMs: SLOW_MS,
  });
  await sendMany(pool, 500).all;
  assert.equal(peer.sessions.length, 2);
  proxy.silence();
  assert.equal((await ask(pool, '/in-doubt')).kind, 'no-answer');
  assert.equal(
    (await ask(pool, '/in-doubt')).kind,
    'reply',
    'a request in doubt twice would be given up',
  );
});
