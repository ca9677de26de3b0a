/** Every call is made to give every answer that its description names, as far as a test can. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../functions/http/api.ts';
import type { FindPerson } from '../../functions/http/auth/firebase-users.ts';
import { Unavailable } from '../../functions/lib/errors.ts';
import { fullScopes } from '../../functions/model/key.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { checked, type Document, type Operation, seen } from './described.ts';
import { createFixture, type Fixture, jsonOf } from './fixture.ts';
import { refusals, type Situation, successes } from './situations.ts';

interface Call extends Operation {
  method: string;
  path: string;
}

/** Answers that a test cannot provoke in a reasonable time. */
const NOT_HERE = new Set([
  // two million names
  'uploadAudience 413',
  // they stand on nothing that a test could break
  ...['getRoot 500', 'getDescription 500', 'getHealth 500'],
]);

async function callsOf({ api }: Fixture): Promise<Call[]> {
  const { paths } = await jsonOf<Document>(await api.request('/openapi.json'));
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]) => ({ ...it, method, path })),
  );
}

/** As the document shows it; ids that are there where `ids` names them. */
function requestOf(it: Call, ids: Record<string, string> = {}) {
  const [type, media] = Object.entries(it.requestBody?.content ?? {})[0] ?? [];
  const filled = it.path.replaceAll(/{(\w+)}/g, (_, name) => ids[name] ?? NOTHING);
  const query = QUERIES[it.operationId] ?? '';
  return {
    path: filled + query,
    headers: (type ? { 'Content-Type': type } : {}) as Record<string, string>,
    body: media?.example,
  };
}

/** A run for a prune; of a stream one answer, since it would not end. */
const QUERIES: Record<string, string> = {
  findInstallations: '?userId=user-7',
  getCosts: '?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z',
  importInstallations: '?run=devices-2026-11-21',
  followCampaign: '?wait=0',
};

/** A name of the right form for whatever is asked for. */
const NOTHING = '0123456789abcdef';

test('every call refuses what all calls refuse, as it is described', async (t) => {
  const person: FindPerson = async () => ({ id: 'p', name: 'p', scopes: fullScopes });
  const fixture = await createFixture(t);
  const { ask, ports } = fixture;
  const broken = (error: Error) =>
    checked(
      createApi({
        ...ports,
        store: new Proxy({} as Store, { get: () => () => Promise.reject(error) }),
      }),
    );
  const [away, faulty] = [broken(new Unavailable('away')), broken(new Error('a fault'))];
  const stranger = { Authorization: 'Bearer wrong' };
  const none = { Authorization: `Bearer ${await fixture.addKey()}` };
  const large = 'x'.repeat(513 * 1024);
  for (const it of await callsOf(fixture)) {
    const { path, headers, body } = requestOf(it);
    const go = (more: Record<string, string> = {}, to = fixture.api, other: unknown = body) =>
      ask(it.method.toUpperCase(), path, other, { ...headers, ...more }, to);
    for (const to of [away, faulty]) await go({}, to);
    await ask(it.method.toUpperCase(), `${path.split('?')[0]}?unknown=1`, body, headers);
    if (it.security.length > 0) {
      await go(stranger);
      await go(none);
      const busy = checked(
        createApi(ports, { findPerson: person, perPerson: { perSecond: 0.001, burst: 1 } }),
      );
      for (let n = 0; n < 2; n++) await go({ Authorization: 'Bearer a.b.c' }, busy);
    }
    if (it.requestBody) {
      await go({ 'Content-Type': 'image/png' });
      await go({}, fixture.api, large);
    }
    await go();
  }
  await ask('POST', '/v1/triggers/Orders!', {});
  const unseen = await missing(fixture, ['400', '401', '403', '413', '415', '429', '500', '503']);
  assert.deepEqual(unseen, []);
});

test('every call succeeds as it is described', async (t) => {
  const fixture = await createFixture(t);
  const { ask } = fixture;
  const calls = await callsOf(fixture);
  const example = exampleOf(calls);
  const idOf = async (path: string, body: unknown) =>
    (await jsonOf<{ id: string }>(await ask('POST', path, body))).id;
  await ask('PUT', '/v1/triggers/orders', example('putTrigger'));
  await ask('PUT', '/v1/segments/vip', example('putSegment'));
  await ask('PUT', `/v1/installations/device-1`, example('putInstallation'));
  const at = { schedule: { at: '2030-12-24T18:00:00Z' } };
  const made: Record<string, () => Promise<Record<string, string>>> = {
    campaigns: async () => ({
      id: await idOf('/v1/campaigns', { ...example('sendCampaign'), ...at }),
    }),
    schedules: async () => ({ id: await idOf('/v1/schedules', example('addSchedule')) }),
    webhooks: async () => ({ id: await idOf('/v1/webhooks', example('addWebhook')) }),
    keys: async () => ({ id: await idOf('/v1/keys', example('createKey')) }),
    triggers: async () => ({ name: 'orders' }),
    segments: async () => ({ name: 'vip' }),
    installations: async () => ({ id: 'device-1' }),
    apps: async () => ({ app: 'default' }),
    users: async () => ({ id: 'user-7' }),
    audiences: async () => {
      const names = await ask('POST', '/v1/audiences', 'device-1', {
        'Content-Type': 'text/plain',
      });
      return { id: (await jsonOf<{ id: string }>(names)).id };
    },
  };
  calls.sort((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'));
  for (const it of calls) {
    const ids = await made[it.tags[0]!]?.();
    const { path, headers, body } = requestOf(it, ids);
    await ask(it.method.toUpperCase(), path, body, headers);
  }
  await provoke(successes, { ...fixture, example });
  const unseen = await missing(fixture, ['200', '201', '202', '204']);
  assert.deepEqual(unseen, []);
});

test('every refusal of a call is as it is described', async (t) => {
  const fixture = await createFixture(t);
  const calls = await callsOf(fixture);
  // what is put must not be there before others have looked for it
  calls.sort((a, b) => Number(a.method === 'put') - Number(b.method === 'put'));
  for (const it of calls) {
    const { path, headers, body } = requestOf(it);
    if (path !== it.path) await fixture.ask(it.method.toUpperCase(), path, body, headers);
  }
  await provoke(refusals, { ...fixture, example: exampleOf(calls) });
  const unseen = await missing(fixture, ['404', '409', '422']);
  assert.deepEqual(unseen, []);
});

const exampleOf =
  (calls: Call[]) =>
  (operationId: string): object =>
    requestOf(calls.find((it) => it.operationId === operationId)!).body as object;

async function provoke(situations: typeof refusals, it: Situation) {
  for (const [answer, come] of Object.entries(situations)) {
    const response = await come(it);
    assert.equal(
      `${response.status}`,
      answer.split(' ')[1],
      `${answer}: ${await response.clone().text()}`,
    );
  }
}

async function missing(fixture: Fixture, statuses: string[]) {
  return (await callsOf(fixture))
    .flatMap((it) => Object.keys(it.responses).map((status) => `${it.operationId} ${status}`))
    .filter((it) => statuses.includes(it.split(' ')[1]!))
    .filter((it) => !seen.has(it) && !NOT_HERE.has(it));
}
