/** What the TypeScript client does with answers, and where none come. */

import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  createVolley,
  each,
  follow,
  lines,
  type Settings,
  VolleyError,
  VolleyUnreachable,
} from '../../clients/typescript/src/index.ts';
import { startConsole } from '../console/console.ts';
import { PATIENT_MS } from '../until.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A server that answers each request by the next of its answers, and the last one again and again. */
async function serve(t: TestContext, answers: Answer[], settings: Partial<Settings> = {}) {
  const requests: { method: string; url: string; key: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    requests.push({
      method: request.method ?? '',
      url: request.url ?? '',
      key: request.headers['idempotency-key'] as string | undefined,
      body,
    });
    const answer = answers[requests.length - 1] ?? answers.at(-1);
    answer?.(response, request);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // without pauses, but for those that an answer asks for; late only where a test is about that
  const usual = { key: 'volley_k', random: () => -1, timeoutMs: PATIENT_MS };
  return { requests, volley: createVolley({ url, ...usual, ...settings }) };
}

const json =
  (status: number, value: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
const busy = json(503, {
  type: '/problems/unavailable',
  title: 'U',
  status: 503,
  detail: 'D',
  next: 'N',
});
const broken: Answer = (response) => response.destroy();
const cutOff: Answer = (response) => {
  response.writeHead(200, { 'Content-Length': '100' });
  response.write('{');
  setImmediate(() => response.destroy());
};
const silent: Answer = () => {};

const campaign = { name: 'A', audience: { everybody: true as const }, message: { title: 'T' } };

test('a campaign is sent again under one Idempotency-Key, whatever became of the first try', async (t) => {
  const { volley, requests } = await serve(t, [busy, broken, cutOff, json(202, { id: 'c1' })]);
  assert.equal((await volley.sendCampaign({ body: campaign })).id, 'c1');
  assert.equal(requests.length, 4);
  const [first] = requests;
  for (const it of requests) assert.deepEqual(it, first);
  assert.match(first!.key!, /^[0-9a-f-]{36}$/);
  await volley.sendCampaign({ body: campaign, idempotencyKey: 'order 7' });
  assert.equal(requests.at(-1)!.key, 'order 7');
});

test('what might happen twice is not sent twice', async (t) => {
  for (const fault of [busy, broken]) {
    const { volley, requests } = await serve(t, [fault]);
    await assert.rejects(volley.createKey({ body: { name: 'A', scopes: ['read'] } }));
    assert.equal(requests.length, 1);
  }
  const { volley, requests } = await serve(t, [busy]);
  await assert.rejects(
    volley.getMe(),
    (error) => error instanceof VolleyError && error.status === 503,
  );
  assert.equal(requests.length, 4);
});

test('a call that came too early waits as long as it is told, and not beyond its deadline', async (t) => {
  const early = json(429, null, { 'Retry-After': '1' });
  const patient = await serve(t, [early, json(201, { id: 'k' })]);
  const before = performance.now();
  await patient.volley.createKey({ body: { name: 'A', scopes: ['read'] } });
  assert.ok(performance.now() - before >= 990, 'a second passed');
  assert.equal(patient.requests.length, 2);

  const hurried = await serve(t, [json(429, null, { 'Retry-After': '3600' })]);
  await assert.rejects(hurried.volley.getMe(), (error) => {
    assert.ok(error instanceof VolleyError);
    assert.equal(error.retryAfterMs, 3_600_000);
    return error.status === 429;
  });
  assert.equal(hurried.requests.length, 1);
});

test('a server that is silent ends a call at its deadline, and the caller whenever it likes', async (t) => {
  const { volley } = await serve(t, [silent], { timeoutMs: 200 });
  await assert.rejects(volley.getMe(), (error) => {
    assert.ok(error instanceof VolleyUnreachable);
    assert.equal((error.cause as Error).name, 'TimeoutError');
    return true;
  });
  const stop = new AbortController();
  const call = volley.getMe({}, { signal: stop.signal, timeoutMs: 60_000 });
  stop.abort(new Error('enough'));
  await assert.rejects(call, { message: 'enough' });
});

test('an answer that is none of the API is an error with its status', async (t) => {
  const { volley } = await serve(
    t,
    [
      (response) => response.writeHead(404).end('<html>'),
      (response) => response.writeHead(302, { Location: '/elsewhere' }).end(),
    ],
    { retries: 0 },
  );
  await assert.rejects(
    volley.getMe(),
    (error) => error instanceof VolleyError && error.status === 404,
  );
  await assert.rejects(volley.getMe(), VolleyUnreachable, 'the key is not taken elsewhere');
});

test('an id cannot become another path, and a key no header', async (t) => {
  const { volley, requests } = await serve(t, [json(200, {})]);
  for (const id of ['', '.', '..']) await assert.rejects(volley.getCampaign({ id }), TypeError);
  await volley.getCampaign({ id: '../keys?x#y' });
  assert.equal(requests[0]!.url, '/v1/campaigns/..%2Fkeys%3Fx%23y');
  await volley.listCampaigns({ q: 'a&b=c', limit: 5 });
  assert.equal(requests[1]!.url, '/v1/campaigns?q=a%26b%3Dc&limit=5');
  assert.throws(() => createVolley({ url: 'file:///etc' }), TypeError);
  assert.throws(() => createVolley({ url: 'https://a', key: 'a\r\nb' }), TypeError);
});

test('pages that never end are an error', async (t) => {
  const { volley } = await serve(t, [json(200, { items: [{ id: 'c' }], next: 'x' })]);
  const found: string[] = [];
  await assert.rejects(async () => {
    for await (const { id } of each((page) => volley.listCampaigns(page))) found.push(id);
  }, /the same page again/);
  assert.deepEqual(found, ['c', 'c']);
});

test('the real API: a campaign is followed, its failures are listed, a refusal has all faults', async (t) => {
  const { server, fill } = await startConsole(t, { apns: { badShare: 0.1 } });
  const volley = createVolley({ url: server.url, key: server.apiKey, timeoutMs: PATIENT_MS });
  await fill(300);
  const { id } = await volley.sendCampaign({ body: campaign });
  const events: string[] = [];
  for await (const it of follow(volley, id)) events.push(it.event);
  assert.ok(events.includes('campaign') && events.includes('campaign.completed'), events.join(' '));
  const { counts, state } = await volley.getCampaign({ id });
  assert.equal(state, 'completed');
  assert.equal(counts.accepted + counts.failed + counts.skipped, 300);

  const exported = await volley.open('listFailures', { id }, { accept: 'application/x-ndjson' });
  assert.equal((await Array.fromAsync(lines(exported))).length, counts.failed);
  const paged = each((page) => volley.listFailures({ ...page, id, limit: 7 }));
  assert.equal((await Array.fromAsync(paged)).length, counts.failed);

  const bad = {
    ...campaign,
    audience: { langauge: 'de' },
    message: { title: 'T', ttlSeconds: -1 },
  };
  await assert.rejects(volley.sendCampaign({ body: bad as never }), (error) => {
    assert.ok(error instanceof VolleyError);
    assert.equal(error.kind, 'invalid-request');
    assert.equal(error.problem.faults?.length, 2);
    assert.match(error.message, /audience\.langauge: is unknown/);
    return true;
  });
  const imported = await volley.importInstallations({
    body: `id,platform,token\nd-new,ios,${'a1'.repeat(32)}\n`,
    contentType: 'text/csv',
  });
  assert.equal(imported.stored, 1);
  assert.equal(await volley.removeInstallation({ id: 'd1' }), undefined);
});
