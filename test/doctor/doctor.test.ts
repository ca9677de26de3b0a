import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import indexes from '../../firestore.indexes.json' with { type: 'json' };
import { doctorText, isWell } from '../../functions/cli/doctor.ts';
import { run } from '../../functions/cli/program.ts';
import { type Check, examine, fault, type Result, well } from '../../functions/doctor/check.ts';
import { clockCheck, senderChecks, storeCheck } from '../../functions/doctor/common.ts';
import { googleChecks } from '../../functions/doctor/google.ts';
import { startLocal } from '../../functions/local/server.ts';
import { startSimulated } from '../../functions/local/simulated.ts';
import { createLog } from '../../functions/log.ts';
import type { Outcome } from '../../functions/model/outcome.ts';
import type { Task } from '../../functions/model/tasks.ts';
import type { Sender } from '../../functions/ports.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';

/** A server of Google's that answers by path; what is not there answers 404. */
async function google(t: TestContext, answers: Record<string, unknown>, headers = {}) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const body = answers[decodeURIComponent(request.url!.split('?')[0]!)];
    response.writeHead(body === undefined ? 404 : 200, headers).end(JSON.stringify(body ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const queues = '/v2/projects/p/locations/r/queues/volley-';
const fields = '/v1/projects/p/databases/(default)/collectionGroups/-/fields';
/** As Firestore lists what firestore.indexes.json asks for. */
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
    ...{ project: 'p', region: 'r', prefix: 'volley', database: '(default)' },
    queue: { create: async (tasks) => void created.push(...tasks) },
    accessToken: async () => 'token',
    ...{ tasksOrigin: origin, firestoreOrigin: origin },
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
  assert.equal(findings.length, 9);
  assert.deepEqual([created.length, created[0]!.queue], [1, 'plan']);
  for (const { headers } of asked) assert.equal(headers.authorization, 'Bearer token');
  assert.ok(isWell({ findings }));
  assert.match(doctorText({ findings }), /\n\nAll is well\.$/);
});

test('a queue that is missing or paused is told, and how to mend it', async (t) => {
  const { [`${queues}shard`]: _, ...answers } = allThere();
  answers[`${queues}deliver`] = { state: 'PAUSED' };
  const { of, findings } = await checked(t, answers);
  assert.deepEqual(
    [of('volley-shard').state, of('volley-shard').detail],
    ['fault', 'it is not there'],
  );
  assert.equal(of('volley-deliver').next, 'gcloud tasks queues resume volley-deliver --location=r');
  assert.match(
    doctorText({ findings }),
    /\n {4}gcloud tasks queues resume.*\n[\s\S]*\n2 at fault$/,
  );
  assert.ok(!isWell({ findings }));
});

test('a function that takes the invoker for a stranger is told', async (t) => {
  const refused = { lastAttempt: { responseStatus: { code: 7, message: 'PERMISSION_DENIED' } } };
  const answers = allThere();
  answers[`${queues}send-fcm/tasks`] = { tasks: [refused, {}, refused] };
  const { of } = await checked(t, answers);
  assert.match(of('volley-send-fcm runs').detail, /^2 of 3 tasks were refused/);
  assert.match(of('volley-send-fcm runs').next!, /VOLLEY_URL/);
});

test('a task that does not arrive is told, with who refuses it', async (t) => {
  const answers = new Proxy(allThere(), {
    get: (them, path: string) =>
      path.startsWith(`${queues}plan/tasks/`)
        ? { lastAttempt: { responseStatus: { code: 16 } } }
        : them[path],
  });
  const { of } = await checked(t, answers);
  assert.deepEqual(
    [of('arrives').state, of('arrives').detail],
    ['fault', 'the function plan refuses its caller'],
  );
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

test('what Google refuses to tell is unknown, in its own words', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(403).end(JSON.stringify({ error: { message: 'The caller lacks it.' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [queue] = googleChecks({
    ...{ project: 'p', region: 'r', prefix: 'volley', database: '(default)' },
    ...{ queue: { create: async () => {} }, accessToken: async () => 'token' },
    ...{ tasksOrigin: origin, firestoreOrigin: origin },
  });
  const [finding] = await examine([queue!]);
  assert.equal(finding!.state, 'unknown');
  assert.match(finding!.detail, /answered 403 The caller lacks it\./);
});

/** A provider that answers everybody the same. */
const answering = (outcome: Outcome, sent: string[] = []): Sender => ({
  check: () => [],
  lost: () => [],
  render: () => ({ headers: {}, payload: '{}', bytes: 0, mostBytes: 1 }),
  async send({ push, recipients, settle }) {
    sent.push(`${push.dryRun ? 'dry' : 'real'} ${recipients[0]!.token}`);
    settle(0, outcome);
  },
});

async function judged(outcome: Outcome): Promise<Result> {
  const [finding] = await examine(
    senderChecks({ get: (_, provider) => (provider === 'fcm' ? answering(outcome) : null) }, [
      'default',
    ]),
  );
  return finding!;
}

test('a provider that only objects to the token knows us', async () => {
  assert.equal((await judged({ kind: 'rejected', reason: 'INVALID_ARGUMENT' })).state, 'well');
  assert.equal((await judged({ kind: 'accepted' })).state, 'well');
  const refused = await judged({ kind: 'blocked', reason: 'SENDER_ID_MISMATCH' });
  assert.deepEqual([refused.state, refused.detail], ['fault', 'it refuses us: SENDER_ID_MISMATCH']);
  assert.match(refused.next!, /FCM_PROJECT_ID/);
  const slow = await judged({
    kind: 'retry',
    reason: 'UNAVAILABLE',
    afterMs: null,
    scope: 'service',
  });
  assert.equal(slow.state, 'unknown');
});

test('Apple is asked in its sandbox, or with a key for production there, and nobody gets a push', async () => {
  const sent: string[] = [];
  const asked: string[] = [];
  const findings = await examine(
    senderChecks(
      {
        get(_, provider, environment) {
          if (provider === 'fcm') return null;
          asked.push(environment);
          const outcome: Outcome =
            environment === 'sandbox'
              ? { kind: 'blocked', reason: 'BadEnvironmentKeyInToken' }
              : { kind: 'rejected', reason: 'BadDeviceToken' };
          return answering(outcome, sent);
        },
      },
      ['news'],
    ),
  );
  assert.deepEqual([findings.length, findings[0]!.state], [1, 'well']);
  assert.deepEqual(asked, ['sandbox', 'production']);
  assert.deepEqual(sent, Array(2).fill(`real ${'0'.repeat(64)}`));
});

test('the database is written to, read, and left as it was', async (t) => {
  const store = createSqliteStore({ path: ':memory:' });
  t.after(() => store.close());
  const [finding] = await examine([storeCheck(store)]);
  assert.deepEqual([finding!.state, finding!.detail], ['well', 'written, read, deleted']);
  assert.equal(await store.estimateAudience('volley-doctor', {}), 0);
});

test('a clock that is wrong is told, and by how much', async (t) => {
  const at = Date.UTC(2026, 10, 21, 13);
  const { origin } = await google(t, {}, { Date: new Date(at).toUTCString() });
  const [right, wrong] = await examine([
    clockCheck(origin, () => at + 600),
    clockCheck(origin, () => at - 90_000),
  ]);
  assert.equal(right!.state, 'well');
  assert.deepEqual([wrong!.state, wrong!.detail], ['fault', 'it is 90.5 s behind']);
});

test('a check that throws or takes for ever spoils no other', async () => {
  const never = Promise.withResolvers<Result>();
  const checks: Check[] = [
    { name: 'a', run: () => never.promise },
    { name: 'b', run: () => Promise.reject(new Error(`no ${'x'.repeat(60)}`)) },
    { name: 'c', run: async () => fault('broken', 'mend it') },
    { name: 'd', run: async () => well('yes') },
  ];
  const findings = await examine(checks, 50);
  assert.deepEqual(
    findings.map(({ state }) => state),
    ['unknown', 'unknown', 'fault', 'well'],
  );
  assert.ok(!findings[1]!.detail.includes('x'.repeat(60)), 'what looks like a secret is short');
});

test('volley doctor finds a local server and its providers well, and exits with 1 when a key is refused', async (t) => {
  const simulated = await startSimulated();
  t.after(() => simulated.close());
  const dataDir = await mkdtemp(join(tmpdir(), 'volley-doctor-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const { apns, fcm } = simulated.apps.default!;
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const key = other.export({ type: 'pkcs8', format: 'pem' }).toString();
  const server = await startLocal({
    ...{ dataDir, port: 0, apiKey: null, ca: simulated.ca },
    apps: {
      default: { apns, fcm },
      wrong: { apns: { ...apns!, key, keyId: 'WRONG12345' } as typeof apns, fcm: null },
    },
    log: createLog(() => {}),
  });
  t.after(() => server.stop());
  let stdout = '';
  const code = await run(['doctor', '--url', server.url, '--key', server.apiKey], {
    env: {},
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: { write: () => {} },
  });
  assert.equal(code, 1);
  assert.match(stdout, /^✓ the database takes and gives: written, read, deleted$/m);
  assert.match(stdout, /^✓ apns takes the credentials of "default": /m);
  assert.match(stdout, /^✓ fcm takes the credentials of "default": /m);
  assert.match(stdout, /^✗ apns takes the credentials of "wrong": it refuses us: /m);
  assert.match(stdout, /\n1 at fault\n$/);
});
