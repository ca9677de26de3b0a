import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apnsToken } from '../../http/fixture.ts';
import { cli } from '../fixture.ts';

async function world(t: Parameters<typeof cli>[0]) {
  const it = await cli(t);
  const register = (id: string, more: object) =>
    it.ask('PUT', `/v1/installations/${id}`, { platform: 'ios', ...more });
  await register('device-0', { token: apnsToken(0xa1), userId: 'ada', language: 'de' });
  await register('phone', { token: apnsToken(2), userId: 'ada', permission: 'denied' });
  return it;
}

/** No line is wider than a terminal of 80 columns, unless a word is. */
function assertNarrow(text: string) {
  for (const line of text.split('\n'))
    assert.ok(line.length <= 80 || /\S{30,}/.test(line), `${line.length}: ${line}`);
}

test('a device is shown as a timeline, with the reason and what to do', async (t) => {
  const { volley, failed } = await world(t);
  const id = await failed([apnsToken(0xa1)]);
  const { code, stdout, stderr } = await volley('why', id, '--installation', 'device-0');
  assert.equal(code, 0, stderr);
  assertNarrow(stdout);
  assert.match(stdout, /^device-0 {2}failed\n {2}FCM did not accept the push: INVALID_ARGUMENT\. /);
  assert.match(stdout, /^ {2}2026-11-21 13:00:00 {2}It is in the audience: frozen in shard 0/m);
  assert.match(stdout, /It is handed over to FCM in attempt 1\.$/m, 'FCM has one environment');
  assert.match(stdout, /^ {2}2026-11-21 13:00:00 {2}FCM answers INVALID_ARGUMENT\./m);
  assert.match(stdout, /Times are in UTC\.\n$/);
});

test('a user is all of their devices, and a token is one in any spelling', async (t) => {
  const { volley, failed } = await world(t);
  const id = await failed([apnsToken(0xa1)]);
  const user = await volley('why', id, '--user', 'ada', '--json');
  assert.equal(user.code, 0, user.stderr);
  const states = (text: string) =>
    JSON.parse(text).items.map((it: { installationId: string; state: string }) => [
      it.installationId,
      it.state,
    ]);
  assert.deepEqual(states(user.stdout).toSorted(), [
    ['device-0', 'failed'],
    ['phone', 'not-in-audience'],
  ]);
  const shouted = ` ${apnsToken(0xa1).toUpperCase()} `;
  const token = await volley('why', id, '--token', shouted, '--json');
  assert.deepEqual(states(token.stdout), [['device-0', 'failed']]);
  const text = await volley('why', id, '--user', 'ada');
  assertNarrow(text.stdout);
  assert.match(text.stdout, /^phone {2}not in audience$/m);
  assert.match(text.stdout, /The person has not allowed notifications/);
});

test('conditions that are not met are shown with what the device has', async (t) => {
  const { volley, store } = await world(t);
  const sent = await volley(
    ...['send', '--title', 'Hi', '--language', 'fr', '--tag', 'news', '--no-wait'],
  );
  const id = sent.stdout.trim();
  await store.startCampaign({ id, shards: [{ from: 0, to: 2 ** 32 }], dueAt: 0 });
  const now = Date.UTC(2026, 10, 21, 13);
  const page = { campaignId: id, shard: 0, page: 0, skipped: 0, cursor: null, last: true };
  await store.freezePage({ ...page, chunks: [], dueAt: now, now });
  const { stdout } = await volley('why', id, '--installation', 'device-0');
  assertNarrow(stdout);
  assert.match(stdout, /Conditions that it does not meet, as it is now:/);
  assert.match(stdout, /^ {4}language: needs language fr; it has de$/m);
  assert.match(stdout, /^ {4}tags\.any: needs tags any news; it has nothing$/m);
});

test('what is not known ends with 1, and a wrong command line with 2', async (t) => {
  const { volley, failed } = await world(t);
  const id = await failed([apnsToken(0xa1)]);
  for (const more of [[], ['--user', 'ada', '--token', 'x'], ['--user', '']])
    assert.equal((await volley('why', id, ...more)).code, 2, more.join(' '));
  const stranger = await volley('why', id, '--user', 'bob');
  assert.equal(stranger.code, 1);
  assert.match(stranger.stdout, /^no device of that user: is it the userId/);
  for (const more of [
    ['--installation', 'never'],
    ['--token', apnsToken(77)],
  ]) {
    const never = await volley('why', id, ...more);
    assert.equal(never.code, 1, more.join(' '));
    assert.match(never.stderr.replaceAll('\n', ' '), /has no such installation/);
  }
  const { code, stderr } = await volley('why', 'nothing', '--user', 'ada');
  assert.equal(code, 1);
  assert.match(stderr, /There is no campaign "nothing"/);
});
