import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createEmbedded } from '../../functions/engines/embedded.ts';
import { createApi } from '../../functions/http/api.ts';
import { hashKey, makeKey } from '../../functions/http/auth/authorize.ts';
import type { FailureView } from '../../functions/http/campaigns/report-view.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { createLog } from '../../functions/log.ts';
import type { Outcome } from '../../functions/model/outcome.ts';
import { sample } from '../world/sample.ts';
import { createFixture } from './fixture.ts';

type Outcomes = CampaignView & { failures: FailureView[] };

/** The embedded engine with a sender that answers as it is told. */
async function engine(t: TestContext, outcome: (token: string) => Outcome) {
  const dataDir = await mkdtemp(join(tmpdir(), 'volley-messages-'));
  const sent: string[] = [];
  const embedded = createEmbedded({
    dataDir,
    log: createLog(() => {}),
    senders: {
      apps: () => [],
      get: () => ({
        check: ({ message }) =>
          message.body === 'too much' ? [{ path: '', message: 'too large' }] : [],
        lost: () => [],
        render: () => ({ headers: {}, payload: '{}', bytes: 2, mostBytes: 4096 }),
        warm: async () => {},
        async send({ recipients, open, settle }) {
          for (const i of open) {
            sent.push(recipients[i]!.installationId);
            settle(i, outcome(recipients[i]!.token));
          }
        },
      }),
    },
  });
  const key = makeKey();
  await embedded.store.putKey({ hash: hashKey(key), name: 'test', scopes: ['campaigns'] });
  await embedded.store.putInstallations(
    Array.from({ length: 6 }, (_, i) => ({ ...sample(i), userId: `user-${i >> 1}` })),
  );
  embedded.start();
  t.after(async () => {
    await embedded.stop();
    await rm(dataDir, { recursive: true });
  });
  const api = createApi(embedded);
  const post = (body: object, query = '', headers = {}) =>
    api.request(`/v1/messages${query}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ message: { title: 'Hello' }, ...body }),
    });
  return { ...embedded, post, sent };
}

test('a message answers the result of each recipient, and is a campaign whose ledger closes', async (t) => {
  const gone = sample(1).token;
  const { post, sent, store } = await engine(t, (token) =>
    token === gone
      ? { kind: 'unregistered', reason: 'UNREGISTERED', since: null }
      : { kind: 'accepted' },
  );
  const response = await post({ userIds: ['user-0', 'user-1', 'nobody'] }, '?wait=30');
  assert.equal(response.status, 200);
  const it = (await response.json()) as Outcomes;
  assert.equal(it.state, 'completed');
  assert.deepEqual(it.counts, { recipients: 4, accepted: 3, failed: 1, skipped: 0, pending: 0 });
  assert.deepEqual(
    it.failures.map(({ installationId, reason }) => [installationId, reason]),
    [['installation-1', 'UNREGISTERED']],
  );
  assert.ok(!it.failures[0]!.token.includes(gone), 'tokens need another scope');
  assert.equal(sent.length, 4);
  assert.deepEqual(
    (await store.timeline(it.id, 0)).map(({ event }) => event.type),
    ['campaign.accepted', 'campaign.started', 'campaign.completed'],
  );
});

test('a message without recipients ends immediately; the same key sends once', async (t) => {
  const { post, sent, queue } = await engine(t, () => ({ kind: 'accepted' }));
  const empty = (await (await post({ userIds: ['nobody'] }, '?wait=30')).json()) as Outcomes;
  assert.equal(empty.state, 'completed');
  assert.equal(empty.counts.recipients, 0);
  const key = { 'Idempotency-Key': 'order-17' };
  const bodies = [{}, {}].map(() => post({ installationIds: ['installation-2'] }, '?wait=30', key));
  const both = await Promise.all(bodies.map(async (it) => (await (await it).json()) as Outcomes));
  assert.equal(both[0]!.id, both[1]!.id);
  assert.deepEqual(sent, ['installation-2']);
  const other = await post({ installationIds: ['installation-3'] }, '', key);
  assert.equal(other.status, 409);
  await queue.idle();
});

test('what is tried again later is accepted for now', async (t) => {
  let tries = 0;
  const { post } = await engine(t, () =>
    ++tries === 1
      ? { kind: 'retry', reason: 'busy', afterMs: 1, scope: 'device' }
      : { kind: 'accepted' },
  );
  const response = await post({ tokens: [sample(0).token] }, '?wait=30');
  assert.equal(response.status, 200);
  assert.equal(((await response.json()) as Outcomes).counts.accepted, 1);
  assert.ok(tries >= 2);
});

test('a message that could never be sent is refused, with all that is wrong', async (t) => {
  const { post } = await engine(t, () => ({ kind: 'accepted' }));
  const users = { userIds: ['user-0'] };
  assert.equal((await post({ ...users, message: { body: 'too much' } })).status, 422);
  for (const body of [{}, { ...users, tokens: ['a'] }, { userIds: [] }, { audience: {} }])
    assert.equal((await post(body)).status, 400, JSON.stringify(body));
  assert.equal((await post(users, '?wait=31')).status, 400);
});

test('repeated with its key after the storing process died, it is queued immediately', async (t) => {
  const { ask, tasks } = await createFixture(t);
  const device = { platform: 'android', token: 'token', userId: 'ada' };
  await ask('PUT', '/v1/installations/phone', device);
  const push = () =>
    ask(
      'POST',
      '/v1/messages',
      { message: { title: 'Hello' }, userIds: ['ada'] },
      { 'Idempotency-Key': 'k' },
    );
  const { id } = (await (await push()).json()) as CampaignView;
  // no task has worked on it
  tasks.length = 0;
  const again = await push();
  assert.equal(again.status, 202);
  assert.equal(((await again.json()) as CampaignView).id, id);
  assert.deepEqual(
    tasks.map(({ body }) => body.kind),
    ['redrive'],
  );
});
