/** Against `node:http2`, whatever way its frames are cut, padded, reset and configured. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  connect,
  constants,
  createSecureServer,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Answer } from '../../functions/http2/pool/pool.ts';
import { type ServerStream, startServer } from '../../functions/http2/server/server.ts';
import * as F from '../../functions/http2/session/frames.ts';
import { certificate, startPool, until } from './peer.ts';
import { seeded } from './raw.ts';

/** Node's own bound is ten; its types do not know it. */
const manySettings = { maxOutstandingSettings: 1000 } as object;

type Random = () => number;
const FIRST = Number(process.env.FIRST_SEED ?? 1);
const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 6) }, (_, i) => FIRST + i);
const below = (random: Random, n: number) => Math.floor(random() * n);
const pick = <T>(random: Random, list: readonly T[]) => list[below(random, list.length)] as T;

/** TLS to TLS: every byte arrives, in pieces that have nothing to do with frames. */
async function startSplitter(t: TestContext, port: number, random: Random): Promise<URL> {
  const sockets = new Set<TLSSocket>();
  const most = pick(random, [3, 20, 200, 5000, 60_000]);
  const server = createTlsServer({ ...certificate, ALPNProtocols: ['h2'] }, (client) => {
    const upstream = connectTls({
      host: 'localhost',
      port,
      ca: certificate.cert,
      ALPNProtocols: ['h2'],
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      from.on('data', (chunk: Buffer) => {
        for (let at = 0; at < chunk.length; ) {
          const end = Math.min(chunk.length, at + 1 + below(random, most));
          to.write(chunk.subarray(at, end));
          at = end;
        }
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new URL(`https://localhost:${(server.address() as AddressInfo).port}`);
}

const randomSettings = (random: Random): Settings => ({
  headerTableSize: pick(random, [0, 64, 4096, 65_536]),
  initialWindowSize: pick(random, [50, 1000, 65_535, 1_000_000]),
  maxConcurrentStreams: pick(random, [1, 7, 100]),
  maxFrameSize: pick(random, [16_384, 20_000, 1_000_000]),
});

/** Without the texts in full, which can be long. */
function same(got: string | undefined, expected: string, what: string) {
  if (got !== expected)
    assert.fail(
      `${what}: ${got?.length} ${got?.slice(0, 90)}, not ${expected.length} ${expected.slice(0, 90)}`,
    );
}

/** What a server does with request `n`, the same for everybody who asks. */
function plan(seed: number, n: number) {
  const random = seeded(seed * 100_003 + n);
  const end = random();
  return {
    status: pick(random, [200, 200, 200, 400, 404, 429, 503]),
    body: 'abcdefghij'.repeat(below(random, pick(random, [1, 10, 3000]))),
    reset: end < 0.05,
    refuse: end > 0.97,
    /** by the client */
    cancel: end > 0.4 && end < 0.45,
    hints: random() < 0.2,
    trailers: random() < 0.2,
    retryAfter: random() < 0.5 ? String(below(random, 100)) : undefined,
    more: Object.fromEntries(
      Array.from({ length: below(random, 6) }, (_, i) => [
        `x-${i}-${below(random, 9)}`,
        'v'.repeat(below(random, 200)),
      ]),
    ),
    settings: random() < 0.1,
    ping: random() < 0.1,
    requestBody: 'x'.repeat(below(random, pick(random, [1, 500, 5000, 40_000]))),
  };
}

for (const seed of SEEDS)
  test(`our client and a server of node:http2, seed ${seed}`, async (t) => {
    const random = seeded(seed);
    const bodies = new Map<string, string>();
    const refused = new Set<number>();
    // a limit that shrinks while streams are on their way has them refused, again and again
    const streams = pick(random, [1, 7, 100]);
    const server = createSecureServer({
      ...certificate,
      settings: { ...randomSettings(random), maxConcurrentStreams: streams },
      ...manySettings,
      paddingStrategy: pick(random, [
        constants.PADDING_STRATEGY_NONE,
        constants.PADDING_STRATEGY_MAX,
        constants.PADDING_STRATEGY_CALLBACK,
      ]),
    });
    server.on('sessionError', () => {});
    server.on('session', (session) => session.on('error', () => {}));
    server.on('stream', async (stream: ServerHttp2Stream, asked) => {
      stream.on('error', () => {});
      const path = asked[':path']!;
      const n = Number(path.slice(1));
      const it = plan(seed, n);
      const session = stream.session;
      if (it.ping) session?.ping(() => {});
      if (it.settings && !session?.destroyed)
        session?.settings({ ...randomSettings(random), maxConcurrentStreams: streams });
      if (it.refuse && !refused.has(n)) {
        refused.add(n);
        return stream.close(constants.NGHTTP2_REFUSED_STREAM);
      }
      let body = '';
      stream.setEncoding('latin1');
      stream.on('data', (part) => {
        body += part;
      });
      await new Promise((resolve) => stream.on('end', resolve).on('close', resolve));
      bodies.set(path, body);
      if (stream.destroyed) return;
      if (it.reset) return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      if (it.hints) stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond(
        {
          ':status': it.status,
          ...(it.retryAfter && { 'retry-after': it.retryAfter }),
          ...it.more,
        },
        { waitForTrailers: it.trailers },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': 'yes' }));
      stream.end(it.body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const origin = await startSplitter(t, (server.address() as AddressInfo).port, random);
    const pool = startPool(t, { origin: origin.origin });

    const count = 150;
    const answers = new Map<number, Answer>();
    const constant = { 'x-constant': 'yes', authorization: 'bearer abc' };
    for (let n = 0; n < count; n++) {
      const body = Buffer.from(plan(seed, n).requestBody);
      const own = n % 7 === 0 ? { ...constant, 'x-other': 'z'.repeat(n * 5) } : constant;
      pool.request({ path: `/${n}`, headers: own, varying: ['x-id', `${n}`], body }, (answer) =>
        answers.set(n, answer),
      );
    }
    await until(() => answers.size === count);
    for (const [n, answer] of answers) {
      const it = plan(seed, n);
      if (it.reset) assert.equal(answer.kind, 'no-answer', `request ${n}`);
      else {
        const retryAfter = it.status === 200 ? undefined : it.retryAfter;
        const body = it.status === 200 ? '' : it.body;
        const expected = { kind: 'reply', status: it.status, headers: { retryAfter }, body };
        same(JSON.stringify(answer), JSON.stringify(expected), `request ${n}`);
      }
      same(bodies.get(`/${n}`), it.requestBody, `body ${n}`);
    }
  });

for (const seed of SEEDS)
  test(`our server and a client of node:http2, seed ${seed}`, async (t) => {
    const random = seeded(seed + 50);
    const bodies = new Map<string, string>();
    const waiting: ServerStream[] = [];
    const answer = (stream: ServerStream) => {
      const it = plan(seed, Number(stream.headers[':path']!.slice(1)));
      if (it.refuse) return stream.connection.reset(stream, F.REFUSED_STREAM);
      if (it.reset) return stream.connection.reset(stream, F.INTERNAL_ERROR);
      stream.connection.respond(stream, it.status, it.more, it.body);
    };
    const server = await startServer({
      ...certificate,
      port: 0,
      maxStreams: 50,
      request(stream) {
        bodies.set(stream.headers[':path']!, stream.body.toString());
        waiting.push(stream);
        if (waiting.length > 3) answer(waiting.splice(below(random, waiting.length), 1)[0]!);
        else setImmediate(() => waiting.length > 0 && answer(waiting.shift()!));
      },
    });
    t.after(() => server.close());
    const origin = await startSplitter(t, server.port, random);
    const session = connect(origin, {
      ca: certificate.cert,
      settings: randomSettings(random),
      ...manySettings,
      paddingStrategy: pick(random, [
        constants.PADDING_STRATEGY_NONE,
        constants.PADDING_STRATEGY_MAX,
      ]),
    });
    t.after(() => session.destroy());
    session.on('error', () => {});
    await once(session, 'remoteSettings');

    const ask = (n: number) =>
      new Promise<string>((resolve) => {
        const it = plan(seed, n);
        if (it.settings) session.settings({ ...randomSettings(random), maxConcurrentStreams: 50 });
        const stream = session.request({
          ':method': 'POST',
          ':path': `/${n}`,
          'x-constant': 'yes',
          ...it.more,
        });
        let status = 0;
        let body = '';
        stream.on('response', (got) => {
          status = got[':status']!;
          for (const name in it.more) assert.equal(got[name], it.more[name]);
        });
        stream.setEncoding('latin1');
        stream.on('data', (part) => {
          body += part;
        });
        stream.on('error', () => {});
        stream.on('close', () => resolve(`${stream.rstCode} ${status} ${body}`));
        if (it.cancel) {
          stream.write(it.requestBody);
          setImmediate(() => stream.close(F.CANCEL));
        } else if (it.trailers) {
          stream.write(it.requestBody);
          setImmediate(() => stream.end());
        } else stream.end(it.requestBody);
      });
    const count = 150;
    let next = 0;
    const lane = async () => {
      while (next < count) {
        const n = next++;
        const it = plan(seed, n);
        let expected = `0 ${it.status} ${it.body}`;
        if (it.cancel) expected = `${F.CANCEL} 0 `;
        else if (it.refuse) expected = `${F.REFUSED_STREAM} 0 `;
        else if (it.reset) expected = `${F.INTERNAL_ERROR} 0 `;
        same(await ask(n), expected, `request ${n}`);
        // node:http2 ends what it gives up, in time or not
        if (!it.cancel || bodies.has(`/${n}`))
          same(bodies.get(`/${n}`), it.requestBody, `body ${n}`);
      }
    };
    await Promise.all(Array.from({ length: 10 }, lane));
  });
