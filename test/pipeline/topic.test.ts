import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audienceSchema } from '../../functions/model/schemas/audience.ts';
import { campaignRequestSchema } from '../../functions/model/schemas/campaign.ts';
import { accept } from '../../functions/pipeline/accept/accept.ts';
import { plan } from '../../functions/pipeline/plan/plan.ts';
import { report, reportText } from '../../functions/pipeline/report.ts';
import { createWorld } from './world.ts';

const condition = "'news' in topics && ('de' in topics || !('at' in topics))";

for (const [kind, value] of [
  ['topic', 'news'],
  ['condition', condition],
] as const)
  test(`a ${kind} gets one message, and no installation is asked for`, async (t) => {
    const world = createWorld(t);
    await world.people(50);
    const asked = () => assert.fail('a store knows no topics');
    world.ports.store = { ...world.store, estimateAudience: asked, streamAudience: asked };
    const id = await world.send({ audience: { [kind]: value } });
    const { recipients, accepted } = await world.closed(id);
    assert.deepEqual([recipients, accepted], [1, 1]);
    assert.deepEqual(
      world.script.sent.map((it) => [it.token, it.to]),
      [[value, kind]],
    );
    const text = reportText((await report(world.ports, id))!);
    assert.match(text, /Messages +1\n/);
    assert.ok(text.includes(`${kind} ${value}`));
    await plan(world.ports, id, new AbortController().signal);
    await world.run();
    assert.equal(world.script.sent.length, 1, 'planned again, it is not sent again');
  });

test('a topic that FCM did not get is tried again, and refused it is a failure', async (t) => {
  const world = createWorld(t);
  world.script.answer = ({ before }) =>
    before === 0
      ? { kind: 'retry', reason: 'UNAVAILABLE', afterMs: 1000, scope: 'service' }
      : { kind: 'rejected', reason: 'INVALID_ARGUMENT' };
  const id = await world.send({ audience: { topic: 'news' } });
  const { failures } = await world.closed(id);
  assert.deepEqual(
    failures.map((it) => [it.installationId, it.token, it.attempts]),
    [['topic', 'news', 2]],
  );
});

test('a topic needs FCM, and nothing of APNs', async (t) => {
  const world = createWorld(t);
  const request = campaignRequestSchema.parse({
    name: 'x',
    audience: { topic: 'news' },
    message: { title: 'x' },
  });
  const { sender } = world.script;
  world.ports.senders = {
    apps: () => [],
    get: (_, provider) => (provider === 'apns' ? sender : null),
  };
  assert.deepEqual(await accept(world.ports, request, null), {
    kind: 'refused',
    faults: [{ path: 'audience.topic', message: '"default" has no credentials for FCM' }],
  });
  const picky = { ...sender, check: () => [{ path: '', message: 'no' }] };
  world.ports.senders = {
    apps: () => [],
    get: (_, provider) => (provider === 'apns' ? picky : sender),
  };
  assert.equal((await accept(world.ports, request, null)).kind, 'accepted');
});

test('topics and conditions are of the form FCM takes, and stand alone', () => {
  const paths = (audience: object) =>
    audienceSchema.safeParse(audience).error?.issues.map((it) => it.path.join('.'));
  for (const topic of ['news', 'a-b_c.d~e%f']) assert.equal(paths({ topic }), undefined);
  for (const topic of ['', '/topics/news', 'a b', 'ä', 'x'.repeat(901)])
    assert.deepEqual(paths({ topic }), ['topic'], topic);
  for (const it of [condition, "'a' in topics", "!('a' in topics)"])
    assert.equal(paths({ condition: it }), undefined, it);
  const six = Array.from({ length: 6 }, (_, i) => `'t${i}' in topics`).join(' || ');
  for (const it of ['', 'news', "'a' in topic", "'a' in topics; drop", six])
    assert.deepEqual(paths({ condition: it }), ['condition'], it);
  assert.deepEqual(paths({ topic: 'news', platform: 'ios' }), ['topic']);
  assert.deepEqual(paths({ topic: 'news', condition }), ['topic', 'condition']);
});
