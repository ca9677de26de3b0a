import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { Answer } from '../../../functions/http2/pool/pool.ts';
import { freePort } from '../../../functions/local/google/free-port.ts';
import {
  answer,
  ask,
  certificate,
  LONG_MS,
  sendMany,
  startPeer,
  startPool,
  tally,
  until,
} from '../peer.ts';

test('a request gets its status, body and Retry-After', async (t) => {
  const seen: unknown[] = [];
  const peer = await startPeer(t, (stream, headers) => {
    seen.push([headers[':method'], headers[':path'], headers.a, headers['apns-id']]);
    return headers[':path'] === '/bad'
      ? answer(stream, 429, '{"reason":"TooManyRequests"}', { 'retry-after': '7' })
      : answer(stream, 200, 'not read');
  });
  const pool = startPool(t, { origin: peer.origin });
  assert.deepEqual(await ask(pool, '/bad', ['apns-id', 'one']), {
    kind: 'reply',
    status: 429,
    headers: { retryAfter: '7' },
    body: '{"reason":"TooManyRequests"}',
  });
  assert.deepEqual(await ask(pool, '/good'), {
    kind: 'reply',
    status: 200,
    headers: { retryAfter: undefined },
    body: '',
  });
  assert.deepEqual(seen, [
    ['POST', '/bad', 'b', 'one'],
    ['POST', '/good', 'b', undefined],
  ]);
});

test('the body of an answer is cut at 64 KiB', async (t) => {
  const peer = await startPeer(t, (stream) => answer(stream, 500, 'x'.repeat(1_000_000)));
  const got = await ask(startPool(t, { origin: peer.origin }));
  assert.equal(got.kind === 'reply' && got.body.length, 64 * 1024);
});

test('the body of a 200 is kept where the request says so, and a 200 is one whatever comes of it', async (t) => {
  const bodies: Record<string, (stream: Parameters<typeof answer>[0]) => unknown> = {
    '/whole': (stream) => answer(stream, 200, '{"name":"x"}'),
    '/none': (stream) => answer(stream, 200),
    '/long': (stream) => answer(stream, 200, 'x'.repeat(1_000_000)),
    '/reset': (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('{"na', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    },
  };
  const peer = await startPeer(t, (stream, headers) => {
    bodies[headers[':path']!]!(stream);
    return 'processed';
  });
  const pool = startPool(t, { origin: peer.origin });
  const got = async (path: string, keeps: { keepsBody?: true }) => {
    const reply = await new Promise<Answer>((resolve) =>
      pool.request({ path, headers: { a: 'b' }, body: Buffer.from('{}'), ...keeps }, resolve),
    );
    assert.ok(reply.kind === 'reply' && reply.status === 200, path);
    return reply.body;
  };
  const keepsBody = { keepsBody: true } as const;
  assert.equal(await got('/whole', keepsBody), '{"name":"x"}');
  assert.equal(await got('/none', keepsBody), '');
  assert.equal((await got('/long', keepsBody)).length, 64 * 1024);
  assert.ok('{"na'.startsWith(await got('/reset', keepsBody)));
  for (const path of Object.keys(bodies)) assert.equal(await got(path, {}), '', path);
});

test('the peer sets the number of streams of a connection, and may change it', async (t) => {
  const peer = await startPeer(
    t,
    (stream, _, on) => {
      if (on.streams === 1) on.session.settings({ maxConcurrentStreams: 20 });
      else setTimeout(() => answer(stream), 1);
      return on.streams === 1 ? answer(stream) : 'processed';
    },
    { settings: { maxConcurrentStreams: 1 } },
  );
  const pool = startPool(t, { origin: peer.origin, maxConnections: 1 });
  const { answers, all } = sendMany(pool, 200);
  await all;
  assert.deepEqual(tally(answers.values()), { reply: 200 });
  assert.ok(peer.mostOpen() > 1 && peer.mostOpen() <= 20, `${peer.mostOpen()} streams`);
});

test('connections are added one by one while requests wait, up to the maximum', async (t) => {
  const peer = await startPeer(
    t,
    (stream, _, on) => {
      // of each the first only, until all of them are there
      if (on.streams === 1 || peer.sessions.length === 3) setTimeout(() => answer(stream), 5);
      else held.push(() => answer(stream));
      if (peer.sessions.length === 3) for (const answerOne of held.splice(0)) answerOne();
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 5 } },
  );
  const held: (() => void)[] = [];
  const pool = startPool(t, { origin: peer.origin, maxConnections: 3 });
  const { answers, all } = sendMany(pool, 1000);
  await all;
  assert.deepEqual(tally(answers.values()), { reply: 1000 });
  assert.equal(peer.sessions.length, 3);
  assert.ok(peer.mostOpen() <= 5);
});

test('no connection is made before all others have answered once', async (t) => {
  const early: number[] = [];
  const peer = await startPeer(
    t,
    (stream, _, on) => {
      const others = peer.sessions.filter((it) => it !== on);
      if (on.streams === 1) early.push(others.filter((it) => it.answered === 0).length);
      const answerOne = () => {
        answer(stream);
        on.answered += 1;
      };
      // so that there is a second one at least
      if (on.streams === 1 || others.length > 0) setTimeout(answerOne, 2);
      else held.push(answerOne);
      if (others.length > 0) for (const it of held.splice(0)) setTimeout(it, 2);
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 5 } },
  );
  const held: (() => void)[] = [];
  const pool = startPool(t, { origin: peer.origin, maxConnections: 6 });
  await sendMany(pool, 2000).all;
  assert.ok(early.length > 1 && early.every((silent) => silent === 0), `${early}`);
});

test('connections that are not used for five minutes are closed, except the last one', async (t) => {
  const MINUTE = 60_000;
  let now = 0;
  let held: (() => void)[] = [];
  const peer = await startPeer(
    t,
    (stream) => {
      held.push(() => answer(stream));
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 10 } },
  );
  const pool = startPool(t, {
    origin: peer.origin,
    maxConnections: 3,
    // checks its connections every 5 ms
    deadlineMs: 100,
    idleMs: Number.POSITIVE_INFINITY,
    now: () => now,
  });
  const open = () => peer.sessions.filter((it) => !it.session.destroyed).length;
  /** Keeps `n` requests open (rate x latency) until `connections` connections share them. */
  async function wave(n: number, connections: number) {
    const { answers, all } = sendMany(pool, n, now);
    const taken = () => until(() => held.length === Math.min(n, 10 * open()));
    await until(() => open() > 0);
    await taken();
    for (let before = open(); before < connections; before++) {
      // the next one is made when this one has answered
      held.pop()!();
      await until(() => open() > before);
      await taken();
    }
    while (answers.size < n) {
      for (const answerOne of held) answerOne();
      held = [];
      await until(() => held.length > 0 || answers.size === n);
    }
    await all;
    assert.deepEqual(tally(answers.values()), { reply: n });
  }

  await wave(60, 3);
  assert.equal(open(), 3);
  for (let minute = 1; minute <= 4; minute++) {
    now += MINUTE;
    await wave(15, 2);
  }
  assert.equal(open(), 3, 'the third was used four minutes ago');
  now += 1.5 * MINUTE;
  await until(() => open() === 2);
  await wave(15, 2);
  assert.equal(open(), 2, 'fifteen open requests need two');
  now += 10 * MINUTE;
  await until(() => open() === 1);
  await wave(5, 1);
  now += 60 * MINUTE;
  await wave(5, 1);
  assert.equal(open(), 1);
  assert.equal(peer.sessions.length, 3);
});

test('no second connection is made while the first has room', async (t) => {
  const peer = await startPeer(t);
  const pool = startPool(t, { origin: peer.origin, maxConnections: 5 });
  for (let i = 0; i < 20; i++) await ask(pool, `/${i}`);
  assert.equal(peer.sessions.length, 1);
});

test('requests to a peer that cannot be reached are refused after five tries, and a later request tries again', async (t) => {
  const gone = await startPeer(t, undefined, { port: await freePort() });
  await gone.stop();
  const pool = startPool(t, { origin: gone.origin });
  const { answers, all } = sendMany(pool, 10);
  await all;
  assert.deepEqual(tally(answers.values()), { refused: 10 });
  const first = answers.get('/0');
  assert.match(first?.kind === 'refused' ? first.reason : '', /ECONNREFUSED/);

  await startPeer(t, undefined, { port: gone.port });
  assert.equal((await ask(pool)).kind, 'reply');
});

test('no request is sent to a peer whose certificate is not trusted', async (t) => {
  const peer = await startPeer(t);
  const { makeCertificate } = await import('../../../functions/simulators/shared/certificate.ts');
  const { cert } = await makeCertificate();
  const got = await ask(startPool(t, { origin: peer.origin, ca: cert }));
  assert.equal(got.kind, 'refused');
  assert.match(got.kind === 'refused' ? got.reason : '', /certificate/);
  assert.equal(peer.processed.size, 0);
});

test('requests to a peer that does not speak HTTP/2 are refused', async (t) => {
  const server = createTlsServer({ ...certificate, ALPNProtocols: ['http/1.1'] });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const got = await ask(startPool(t, { origin: `https://localhost:${port}` }));
  assert.equal(got.kind, 'refused');
});

test('closing waits for requests that were sent and refuses the others', async (t) => {
  const held: (() => void)[] = [];
  const peer = await startPeer(
    t,
    (stream) => {
      held.push(() => answer(stream));
      return 'processed';
    },
    { settings: { maxConcurrentStreams: 10 } },
  );
  // it waits for as long as the machine needs
  const pool = startPool(t, { origin: peer.origin, maxConnections: 1, drainMs: LONG_MS });
  const { answers, all } = sendMany(pool, 25);
  await until(() => peer.processed.size === 10);
  const closed = pool.close();
  for (const answerOne of held) answerOne();
  await closed;
  await all;
  assert.deepEqual(tally(answers.values()), { refused: 15, reply: 10 });
  assert.equal(peer.processed.size, 10);
  assert.equal((await ask(pool)).kind, 'refused');
});

test('closing stops waiting after drainMs', async (t) => {
  const peer = await startPeer(t, () => 'processed');
  const pool = startPool(t, { origin: peer.origin, drainMs: 20 });
  const answered = ask(pool);
  await until(() => peer.processed.size === 1);
  await pool.close();
  assert.equal((await answered).kind, 'no-answer');
});

test('a pool keeps the process alive while an answer is due, and not when it is idle', async (t) => {
  const peer = await startPeer(t, (stream) => {
    setTimeout(() => answer(stream), 50);
    return 'processed';
  });
  const script = `
    import { createPool } from ${JSON.stringify(new URL('../../../functions/http2/pool/pool.ts', import.meta.url).href)};
    const pool = createPool({ origin: '${peer.origin}', ca: process.env.CA, maxConnections: 1 });
    pool.request({ path: '/', headers: {}, body: Buffer.from('{}') }, (it) => console.log(it.kind));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, CA: certificate.cert },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
  });
  let out = '';
  child.stdout.on('data', (part) => {
    out += part;
  });
  const [code] = await once(child, 'close');
  assert.equal(out, 'reply\n');
  assert.equal(code, 0);
});

test('a request whose stream is reset has no answer and is not sent again', async (t) => {
  const peer = await startPeer(t, (stream) => {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return 'processed';
  });
  const got = await ask(startPool(t, { origin: peer.origin }));
  assert.equal(got.kind, 'no-answer');
  assert.deepEqual(Array.from(peer.processed.values()), [1]);
});

test('an answer other than 200 that is cut off counts as no answer', async (t) => {
  const peer = await startPeer(t, (stream, headers, on) => {
    stream.respond({ ':status': 400 });
    stream.write('{"reason":"Bad');
    setTimeout(
      () => (headers[':path'] === '/cut' ? on.socket.destroy() : stream.destroy(new Error())),
      5,
    );
    return 'processed';
  });
  const pool = startPool(t, { origin: peer.origin });
  assert.equal((await ask(pool, '/reset')).kind, 'no-answer');
  assert.equal((await ask(pool, '/cut')).kind, 'no-answer');
});
