/** What `volley doctor` finds on Google: queues, the functions they call, indexes. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import indexes from '../../firestore.indexes.json' with { type: 'json' };
import { doctorText, isWell } from '../../functions/cli/commands/doctor.ts';
import { examine } from '../../functions/doctor/check.ts';
import { googleChecks } from '../../functions/doctor/google.ts';
import type { Task } from '../../functions/model/tasks.ts';
import { google } from './server.ts';

const queues = '/v2/projects/p/locations/r/queues/volley-';
const fields = '/v1/projects/p/databases/(default)/collectionGroups/-/fields';
/** Firestore's list of the indexes in firestore.indexes.json. */
const ready = {
  fields: indexes.fieldOverrides.map((it) => ({
    name: `projects/p/databases/(default)/collectionGroups/${it.collectionGroup}/fields/${it.fieldPath}`,
    indexConfig: { indexes: it.indexes.map(() => ({ state: 'READY' })) },
    ...('ttl' in it && it.ttl && { ttlConfig: { state: 'ACTIVE' } }),
  })),
};
const allThere = (): Record<string, unknown> => ({
  ...Object.fromEntries(
    ['plan', 'shard', 'send-apns', 'send-apns-now', 'send-fcm', 'send-fcm-now', 'deliver'].flatMap(
      (name): [string, unknown][] => [
        [queues + name, { state: 'RUNNING' }],
        [`${queues}${name}/tasks`, { tasks: [{ lastAttempt: {} }, {}] }],
      ],
    ),
  ),
  [fields]: ready,
});

async function checked(t: TestContext, answers: Record<string, unknown>) {
  const { origin, asked } = await google(t, answers);
  const created: Task[] = [];
  const checks = googleChecks({
    project: 'p',
    region: 'r',
    prefix: 'volley',
    database: '(default)',
    queue: { create: async (tasks) => void created.push(...tasks) },
    accessToken: async () => 'token',
    tasksOrigin: origin,
    firestoreOrigin: origin,
    arrivesMs: 0,
  });
  const findings = await examine(checks);
  const of = (part: string) => findings.find(({ check }) => check.includes(part))!;
  return { findings, of, asked, created };
}

test('a deployment that is as it should be is well', async (t) => {
  const { findings, asked, created } = await checked(t, allThere());
  assert.deepEqual(
    findings.filter(({ state }) => state !== 'well'),
    [],
  );
  assert.equal(findings.length, 12);
  assert.deepEqual(
    created.map(({ queue }) => queue),
    ['plan', 'send-apns-now', 'send-fcm-now', 'deliver'],
  );
  for (const { headers } of asked) assert.equal(headers.authorization, 'Bearer token');
  assert.ok(isWell({ findings }));
  assert.match(doctorText({ findings }), /\n\nAll is well\.$/);
});

test('a missing or paused queue is reported, with how to repair it', async (t) => {
  const { [`${queues}shard`]: _, ...answers } = allThere();
  answers[`${queues}deliver`] = { state: 'PAUSED' };
  const { of, findings } = await checked(t, answers);
  assert.deepEqual(
    [of('volley-shard').state, of('volley-shard').detail],
    ['fault', 'it does not exist'],
  );
  assert.equal(of('volley-deliver').next, 'gcloud tasks queues resume volley-deliver --location=r');
  assert.match(
    doctorText({ findings }),
    /\n {4}gcloud tasks queues resume.*\n[\s\S]*\n2 at fault$/,
  );
  assert.ok(!isWell({ findings }));
});

const tried = (code: number, message = '') => ({
  lastAttempt: { responseStatus: { code, message } },
});

test('for refused tasks it says which part refused them, and what to compare', async (t) => {
  const answers = allThere();
  answers[`${queues}send-fcm/tasks`] = { tasks: [tried(7), {}, tried(7)] };
  answers[`${queues}shard/tasks`] = { tasks: [tried(16), tried(13)] };
  answers[`${queues}deliver/tasks`] = { tasks: [tried(5)] };
  const { of } = await checked(t, answers);
  assert.match(
    of('volley-send-fcm runs').detail,
    /^2 of 3 tasks were refused: 403 of volley-send-/,
  );
  assert.match(of('volley-send-fcm runs').next!, /VOLLEY_INVOKER .*roles\/run\.invoker/);
  assert.match(of('volley-shard runs').detail, /^1 of 2 tasks were refused: 401 of volley-plan:/);
  assert.match(of('volley-shard runs').next!, /VOLLEY_PLAN_URL/);
  assert.match(
    of('volley-deliver runs').detail,
    /^1 of 1 tasks were refused: 404 at VOLLEY_DELIVER_/,
  );
  assert.match(of('volley-deliver runs').next!, /ingress/);
});

/** A server where every task that is read by its name had this last attempt. */
const pending = (attempt: object) =>
  new Proxy(allThere(), {
    get: (them, path: string) => (/\/tasks\/./.test(path) ? attempt : them[path]),
  });

test('a refusal of the invoker is reported, by Cloud Run or by the function', async (t) => {
  const names = ['plan', 'send-apns', 'send-fcm', 'deliver'];
  for (const [code, status] of [
    [16, '401'],
    [7, '403'],
    [5, '404'],
  ] as const) {
    const { of } = await checked(t, pending(tried(code)));
    for (const name of names) {
      const { state, detail, next } = of(`a task for volley-${name} arrives`);
      assert.equal(state, 'fault');
      assert.ok(detail.startsWith(`${status} `), detail);
      assert.ok(next!.includes(`volley-${name}`), next);
    }
  }
});

test('a task that does not arrive, or fails, is reported with its last answer', async (t) => {
  const waiting = await checked(t, pending({}));
  assert.deepEqual(
    [waiting.of('volley-plan arrives').state, waiting.of('volley-plan arrives').detail],
    ['unknown', 'it still waits'],
  );
  const failing = await checked(t, pending(tried(13, 'INTERNAL(13): HTTP status code 500')));
  assert.match(
    failing.of('volley-deliver arrives').detail,
    /^it fails and is retried: INTERNAL\(13\)/,
  );
  assert.equal(failing.of('volley-deliver arrives').next, 'Read the log of volley-deliver.');
});

test('indexes that are missing, or still being built, are told by name', async (t) => {
  const [first, second, ...others] = ready.fields;
  const missing = await checked(t, { ...allThere(), [fields]: { fields: [second, ...others] } });
  const { collectionGroup, fieldPath } = indexes.fieldOverrides[0]!;
  assert.equal(missing.of('indexes').state, 'fault');
  assert.ok(missing.of('indexes').detail.includes(`${collectionGroup}.${fieldPath}`));
  const slow = ready.fields.map((it) => ({
    ...it,
    indexConfig: { indexes: it.indexConfig.indexes.map(() => ({ state: 'CREATING' })) },
  }));
  const building = await checked(t, { ...allThere(), [fields]: { fields: slow } });
  assert.equal(building.of('indexes').state, 'unknown');
  assert.ok(isWell({ findings: building.findings }), 'waiting is no fault');
  assert.ok(first);
});

test('a TTL policy that is missing, still being made, or broken, is told by name', async (t) => {
  const at = ready.fields.findIndex((it) => 'ttlConfig' in it);
  const named = indexes.fieldOverrides[at]!;
  const name = `${named.collectionGroup}.${named.fieldPath} (TTL)`;
  const withState = (state: string | null) =>
    ready.fields.map((it, i) => {
      if (i !== at) return it;
      const { ttlConfig: _, ...rest } = it as typeof it & { ttlConfig?: object };
      return state === null ? rest : { ...rest, ttlConfig: { state } };
    });
  for (const [state, found, detail] of [
    [null, 'fault', `missing or different: ${name}`],
    ['CREATING', 'unknown', `still being built: ${name}`],
    ['NEEDS_REPAIR', 'fault', `could not be built: ${name}`],
  ] as const) {
    const { of } = await checked(t, { ...allThere(), [fields]: { fields: withState(state) } });
    assert.deepEqual([of('TTL').state, of('TTL').detail], [found, detail]);
  }
});

test('fields that come in pages are all read', async (t) => {
  const pages = new Map([
    [null, { fields: ready.fields.slice(0, 20), nextPageToken: 'two' }],
    ['two', { fields: ready.fields.slice(20) }],
  ]);
  const server = createServer(({ url }, response) => {
    const { searchParams } = new URL(url!, 'http://x');
    response.end(JSON.stringify(pages.get(searchParams.get('pageToken'))));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const checks = googleChecks({
    project: 'p',
    region: 'r',
    prefix: 'volley',
    database: '(default)',
    queue: { create: async () => {} },
    accessToken: async () => 'token',
    firestoreOrigin: origin,
  });
  const [finding] = await examine([checks.at(-1)!]);
  assert.deepEqual(
    [finding!.state, finding!.check],
    ['well', 'the indexes and TTL policies are ready'],
  );
});

test('if Google refuses the check, the result is unknown, with Google’s message', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(403).end(JSON.stringify({ error: { message: 'The caller lacks it.' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [queue] = googleChecks({
    project: 'p',
    region: 'r',
    prefix: 'volley',
    database: '(default)',
    queue: { create: async () => {} },
    accessToken: async () => 'token',
    tasksOrigin: origin,
    firestoreOrigin: origin,
  });
  const [finding] = await examine([queue!]);
  assert.equal(finding!.state, 'unknown');
  assert.match(finding!.detail, /answered 403 The caller lacks it\./);
});
