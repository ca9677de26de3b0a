/**
 * Our client and server against `node:http2`, with random bodies, settings, padding, resets and
 * chunks.
 */

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
import * as F from '../../functions/http2/session/protocol.ts';
import { type Chance, chance } from './chance.ts';
import { certificate, startPool, until } from './peer.ts';

/** Node allows ten unacknowledged SETTINGS by default; its types lack the option. */
const manySettings = { maxOutstandingSettings: 1000 } as object;

const FIRST = Number(process.env.FIRST_SEED ?? 1);
const SEEDS = Array.from({ length: Number(process.env.SEEDS ?? 6) }, (_, i) => FIRST + i);

/** A proxy, TLS to TLS, that passes every byte on, but in chunks that ignore the limits of frames. */
async function startSplitter(t: TestContext, port: number, c: Chance): Promise<URL> {
  const sockets = new Set<TLSSocket>();
  const most = c.pick([3, 20, 200, 5000, 60_000]);
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
          const end = Math.min(chunk.length, at + 1 + c.upTo(most));
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

const randomSettings = (c: Chance): Settings => ({
  headerTableSize: c.pick([0, 64, 4096, 65_536]),
  initialWindowSize: c.pick([50, 1000, 65_535, 1_000_000]),
  maxConcurrentStreams: c.pick([1, 7, 100]),
  maxFrameSize: c.pick([16_384, 20_000, 1_000_000]),
});

/** Fails with the beginnings of both texts, which can be long. */
function same(got: string | undefined, expected: string, what: string) {
  if (got !== expected)
    assert.fail(
      `${what}: ${got?.length} ${got?.slice(0, 90)}, not ${expected.length} ${expected.slice(0, 90)}`,
    );
}

/** What the server does with request `n`: client and server derive the same from the seed. */
function plan(seed: number, n: number) {
  const c = chance(seed * 100_003 + n);
  const end = c.upTo(100);
  return {
    status: c.pick([200, 200, 200, 400, 404, 429, 503]),
    body: 'abcdefghij'.repeat(c.upTo(c.pick([1, 10, 3000]))),
    reset: end < 5,
    refuse: end > 96,
    /** the client gives up the request */
    cancel: end >= 40 && end < 45,
    hints: c.upTo(10) < 2,
    trailers: c.upTo(10) < 2,
    retryAfter: c.upTo(10) < 5 ? String(c.upTo(100)) : undefined,
    more: Object.fromEntries(
      Array.from({ length: c.upTo(6) }, (_, i) => [`x-${i}-${c.upTo(9)}`, 'v'.repeat(c.upTo(200))]),
    ),
    settings: c.upTo(10) < 1,
    ping: c.upTo(10) < 1,
    requestBody: 'x'.repeat(c.upTo(c.pick([1, 500, 5000, 40_000]))),
  };
}

for (const seed of SEEDS)
  test(`our client and a server of node:http2, seed ${seed}`, async (t) => {
    const c = chance(seed);
    const bodies = new Map<string, string>();
    const refused = new Set<number>();
    // always the same limit: a smaller one would refuse streams on their way, again and again
    const streams = c.pick([1, 7, 100]);
    const server = createSecureServer({
      ...certificate,
      settings: { ...randomSettings(c), maxConcurrentStreams: streams },
      ...manySettings,
      paddingStrategy: c.pick([
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
      const planned = plan(seed, n);
      const session = stream.session;
      if (planned.ping) session?.ping(() => {});
      if (planned.settings && !session?.destroyed)
        session?.settings({ ...randomSettings(c), maxConcurrentStreams: streams });
      if (planned.refuse && !refused.has(n)) {
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
      if (planned.reset) return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      if (planned.hints) stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond(
        {
          ':status': planned.status,
          ...(planned.retryAfter && { 'retry-after': planned.retryAfter }),
          ...planned.more,
        },
        { waitForTrailers: planned.trailers },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailer': 'yes' }));
      stream.end(planned.body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const origin = await startSplitter(t, (server.address() as AddressInfo).port, c);
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
      const planned = plan(seed, n);
      if (planned.reset) assert.equal(answer.kind, 'no-answer', `request ${n}`);
      else {
        const retryAfter = planned.status === 200 ? undefined : planned.retryAfter;
        const body = planned.status === 200 ? '' : planned.body;
        const expected = { kind: 'reply', status: planned.status, headers: { retryAfter }, body };
        same(JSON.stringify(answer), JSON.stringify(expected), `request ${n}`);
      }
      same(bodies.get(`/${n}`), planned.requestBody, `body ${n}`);
    }
  });

for (const seed of SEEDS)
  test(`our server and a client of node:http2, seed ${seed}`, async (t) => {
    const c = chance(seed + 50);
    const bodies = new Map<string, string>();
    const waiting: ServerStream[] = [];
    const answer = (stream: ServerStream) => {
      const planned = plan(seed, Number(stream.headers[':path']!.slice(1)));
      if (planned.refuse) return stream.connection.reset(stream, F.REFUSED_STREAM);
      if (planned.reset) return stream.connection.reset(stream, F.INTERNAL_ERROR);
      stream.connection.respond(stream, planned.status, planned.more, planned.body);
    };
    const server = await startServer({
      ...certificate,
      port: 0,
      maxStreams: 50,
      request(stream) {
        bodies.set(stream.headers[':path']!, stream.body.toString());
        waiting.push(stream);
        if (waiting.length > 3) answer(waiting.splice(c.upTo(waiting.length), 1)[0]!);
        else setImmediate(() => waiting.length > 0 && answer(waiting.shift()!));
      },
    });
    t.after(() => server.close());
    const origin = await startSplitter(t, server.port, c);
    const session = connect(origin, {
      ca: certificate.cert,
      settings: randomSettings(c),
      ...manySettings,
      paddingStrategy: c.pick([constants.PADDING_STRATEGY_NONE, constants.PADDING_STRATEGY_MAX]),
    });
    t.after(() => session.destroy());
    session.on('error', () => {});
    await once(session, 'remoteSettings');

    const ask = (n: number) =>
      new Promise<string>((resolve) => {
        const planned = plan(seed, n);
        if (planned.settings) session.settings({ ...randomSettings(c), maxConcurrentStreams: 50 });
        const stream = session.request({
          ':method': 'POST',
          ':path': `/${n}`,
          'x-constant': 'yes',
          ...planned.more,
        });
        let status = 0;
        let body = '';
        stream.on('response', (got) => {
          status = got[':status']!;
          for (const name in planned.more) assert.equal(got[name], planned.more[name]);
        });
        stream.setEncoding('latin1');
        stream.on('data', (part) => {
          body += part;
        });
        stream.on('error', () => {});
        stream.on('close', () => resolve(`${stream.rstCode} ${status} ${body}`));
        if (planned.cancel) {
          stream.write(planned.requestBody);
          setImmediate(() => stream.close(F.CANCEL));
        } else if (planned.trailers) {
          stream.write(planned.requestBody);
          setImmediate(() => stream.end());
        } else stream.end(planned.requestBody);
      });
    const count = 150;
    let next = 0;
    const worker = async () => {
      while (next < count) {
        const n = next++;
        const planned = plan(seed, n);
        let expected = `0 ${planned.status} ${planned.body}`;
        if (planned.cancel) expected = `${F.CANCEL} 0 `;
        else if (planned.refuse) expected = `${F.REFUSED_STREAM} 0 `;
        else if (planned.reset) expected = `${F.INTERNAL_ERROR} 0 `;
        same(await ask(n), expected, `request ${n}`);
        // node:http2 ends a request that it gives up, before or after its body was read
        if (!planned.cancel || bodies.has(`/${n}`))
          same(bodies.get(`/${n}`), planned.requestBody, `body ${n}`);
      }
    };
    await Promise.all(Array.from({ length: 10 }, worker));
  });
