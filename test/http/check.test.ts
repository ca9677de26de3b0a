import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckedView } from '../../functions/http/check.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { credentials } from '../providers/fixture.ts';
import { createFixture, jsonOf, NOW } from './fixture.ts';

async function checking(t: Parameters<typeof createFixture>[0]) {
  const fixture = await createFixture(t);
  const senders = createSenders({
    default: credentials('https://localhost:1', 'https://localhost:1'),
  });
  t.after(() => senders.close());
  fixture.ports.senders = senders;
  const faultsOf = async (body: unknown, of = 'campaigns') => {
    const response = await fixture.ask('POST', `/v1/${of}:check`, body);
    assert.equal(response.status, 200);
    const { faults } = await jsonOf<CheckedView>(response);
    return faults.map((it) => `${it.status} ${it.path}: ${it.message}`);
  };
  return { ...fixture, faultsOf };
}

const campaign = { name: 'Sale', audience: { everybody: true }, message: { title: 'Hi' } };
const schedule = { name: 'Daily', cron: '0 9 * * *', campaign };

test('a campaign without a fault has none, and nothing is stored', async (t) => {
  const { faultsOf, store, tasks } = await checking(t);
  assert.deepEqual(await faultsOf(campaign), []);
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  assert.deepEqual(tasks, []);
});

test('all faults of an unfinished campaign are the answer, each with its path', async (t) => {
  const { faultsOf } = await checking(t);
  assert.deepEqual(await faultsOf({ message: {}, audience: {} }), [
    '400 name: is missing: string expected',
    '400 audience: has no condition: add one, or set "everybody" to true',
    '422 message: needs a title, a body, data, a link, a sound or a badge',
  ]);
  assert.deepEqual(await faultsOf(null), ['400 : expected object, received null']);
});

test('what is found only beyond the form is found too: a segment, a time, a size', async (t) => {
  const { faultsOf } = await checking(t);
  const at = new Date(NOW - 1000).toISOString();
  const long = { ...campaign, message: { body: 'x'.repeat(4090) }, schedule: { at } };
  const found = await faultsOf({ ...long, audience: { segment: 'vip' } });
  assert.deepEqual(
    found.map((it) => it.split(': ')[0]),
    ['422 audience', '422 message', '422 message', '422 schedule.at'],
  );
});

test('a schedule is checked as a campaign is', async (t) => {
  const { faultsOf } = await checking(t);
  assert.deepEqual(await faultsOf(schedule, 'schedules'), []);
  assert.deepEqual(
    await faultsOf({ ...schedule, cron: 'x', campaign: { ...campaign, message: {} } }, 'schedules'),
    [
      `400 cron: must be five fields such as "30 9 * * 1-5": invalid configuration format ('x'), exactly five, six, or seven space separated parts are required.`,
      '422 campaign.message: needs a title, a body, data, a link, a sound or a badge',
    ],
  );
});

test('a viewer may check', async (t) => {
  const { ask } = await checking(t);
  const made = await ask('POST', '/v1/keys', { name: 'looker', scopes: ['read'] });
  const { key } = await jsonOf<{ key: string }>(made);
  const asked = await ask('POST', '/v1/campaigns:check', campaign, {
    Authorization: `Bearer ${key}`,
  });
  assert.equal(asked.status, 200);
});
