/** What is sent to many is asked about first. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MANY } from '../../functions/model/audience/many.ts';
import { person } from '../contracts/store-fixture.ts';
import { cli } from './fixture.ts';

async function crowd(t: Parameters<typeof cli>[0], size: number) {
  const it = await cli(t);
  await it.store.putInstallations(Array.from({ length: size }, (_, n) => person(`device-${n}`)));
  const sent = async () => (await it.store.listCampaigns(null, 10)).items.length;
  const send = (...args: string[]) => it.volley('send', '--title', 'Hi', '--no-wait', ...args);
  return { ...it, sent, send };
}

test('at a terminal the estimate is shown, and its number is to be typed', async (t) => {
  const { send, sent, terminal } = await crowd(t, MANY);
  for (const answer of ['', 'y', 'yes', '999', '10000']) {
    terminal.answer = answer;
    const { code, stderr } = await send('--everybody');
    assert.equal(code, 1, answer);
    assert.match(stderr, /^Installations +1,000$/m);
    assert.match(stderr, /nothing was sent/);
  }
  assert.equal(await sent(), 0);
  assert.equal(terminal.asked.at(-1), 'Type 1,000 to send it: ');
  for (const answer of ['1000', '1,000']) {
    terminal.answer = answer;
    assert.equal((await send('--everybody')).code, 0, answer);
  }
  assert.equal(await sent(), 2);
});

test('a time that has passed is told before the number is asked for', async (t) => {
  const { send, sent, terminal } = await crowd(t, MANY);
  terminal.answer = '1000';
  const past = await send('--everybody', '--at', '2026-01-01T00:00:00Z');
  assert.deepEqual([past.code, terminal.asked], [2, []]);
  assert.match(past.stderr, /cannot begin in the past.*--at/);
  assert.equal(await sent(), 0);
  // the same key may name a campaign that has begun since
  await send('--everybody', '--at', '2026-01-01T00:00:00Z', '--idempotency-key', 'k');
  assert.equal(terminal.asked.length, 1);
});

test('without a terminal, and with --json, a campaign to many needs --yes', async (t) => {
  const { send, sent, terminal } = await crowd(t, MANY);
  const refused = await send('--everybody');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /1,000 installations.*--yes/s);
  terminal.answer = '1000';
  assert.equal((await send('--everybody', '--json')).code, 2);
  assert.deepEqual(terminal.asked, []);
  assert.equal(await sent(), 0);
  assert.equal((await send('--everybody', '--yes')).code, 0);
  assert.equal(await sent(), 1);
});

test('a dry run, a few, and those who are named are not asked about', async (t) => {
  const { send, sent, terminal, store } = await crowd(t, MANY - 1);
  terminal.answer = '';
  assert.equal((await send('--everybody')).code, 0);
  await store.putInstallations([person('one-more')]);
  assert.equal((await send('--everybody', '--dry-run')).code, 0);
  assert.equal((await send('--installation', 'device-1')).code, 0);
  assert.deepEqual(terminal.asked, []);
  assert.equal(await sent(), 3);
});

test('only FCM knows how many a topic has, so that is asked about too', async (t) => {
  const { volley, file, sent, terminal } = await crowd(t, 0);
  const news = { name: 'News', audience: { topic: 'news' }, message: { title: 'Hi' } };
  const path = await file('news.json', JSON.stringify(news));
  const send = (...args: string[]) => volley('send', path, '--no-wait', ...args);
  assert.equal((await send()).code, 2);
  terminal.answer = 'no';
  assert.equal((await send()).code, 1);
  assert.equal(await sent(), 0);
  terminal.answer = 'yes';
  assert.equal((await send()).code, 0);
  terminal.answer = null;
  assert.equal((await send('--yes')).code, 0);
  assert.equal(await sent(), 2);
});

test('a file for everybody is narrowed by options, and without any audience it is refused', async (t) => {
  const { volley, file, store } = await crowd(t, 0);
  const all = await file(
    'all.json',
    JSON.stringify({ name: 'All', audience: { everybody: true }, message: { title: 'Hi' } }),
  );
  const narrowed = await volley('send', all, '--tag', 'news', '--no-wait');
  assert.equal(narrowed.code, 0, narrowed.stderr);
  const { audience } = (await store.getCampaign(narrowed.stdout.trim()))!;
  assert.deepEqual(audience, { tags: { any: ['news'] } });
  const empty = await file('empty.json', '{"name":"x","audience":{},"message":{"title":"Hi"}}');
  const refused = await volley('send', empty);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /audience: has no condition: add one, or set "everybody"/);
});

test('--everybody beside a condition is refused: it does not win over it', async (t) => {
  const { volley } = await cli(t);
  for (const condition of [
    ['--user', 'ada'],
    ['--platform', 'ios'],
  ]) {
    const refused = await volley('send', '--title', 'Hi', '--everybody', ...condition, '--yes');
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^ {2}audience\.everybody: stands alone: remove it, or the other/m,
    );
    assert.deepEqual(JSON.parse((await volley('campaigns', '--json')).stdout).items, []);
  }
});
