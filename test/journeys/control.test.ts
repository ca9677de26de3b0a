/**
 * Workers killed with -9 in the middle of a change of state: the next one finishes what was begun.
 * One world for all of them, and one worker after the other.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Refused } from '../../functions/cli/client/errors.ts';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { HistoryView } from '../../functions/http/campaigns/control.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { ScheduleView } from '../../functions/http/schedules/view.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { until } from '../until.ts';
import { startWorld, type World } from '../world/world.ts';

const INSTALLATIONS = 20_000;
const request = {
  name: 'control',
  audience: { everybody: true },
  message: { title: 'Hello', body: 'World' },
};

let world: World;
before(async () => {
  world = await startWorld({ installations: INSTALLATIONS });
});
after(() => world.close());

const send = (more: object = {}, key?: string) =>
  world
    .client()
    .post<CampaignView>(
      '/v1/campaigns',
      { ...request, ...more },
      key === undefined ? {} : { 'Idempotency-Key': key },
    );
const post = (id: string, verb: string) =>
  world.client().post<CampaignView>(`/v1/campaigns/${id}/${verb}`);
const look = (id: string) => world.client().get<CampaignView>(`/v1/campaigns/${id}`);

/** Nothing was counted yet, and no answer is held back. */
async function fresh() {
  await world.reset();
  await world.set({ holdAfter: null });
}

/** Sends a part of a campaign. It cannot end: the providers hold their other answers back. */
async function begun() {
  await fresh();
  await world.set({ holdAfter: INSTALLATIONS * 0.05 });
  const { id } = await send();
  await until(async () => (await world.wire()).distinct >= INSTALLATIONS * 0.1);
  return id;
}

const goOn = () => world.set({ holdAfter: null });

async function killAndStart() {
  await world.kill();
  await world.start();
}

/** The worker dies when that verb has written, with or without an answer. Then there is another. */
async function killedBehind(verb: keyof Store, ask: () => unknown) {
  await world.dieBehind(verb);
  await Promise.allSettled([ask()]);
  await world.died();
  await world.start();
}

/** In three seconds, as often as it takes: a machine that stands still may ask for what is past by then. */
async function soon(ask: (at: string) => Promise<unknown>): Promise<string> {
  for (;;) {
    const at = ahead(3_000);
    try {
      await ask(at);
      return at;
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.status !== 422) throw error;
    }
  }
}

const ahead = (ms: number) => new Date(Date.now() + ms).toISOString();

/** The same for a campaign: its sender repeats the request. */
async function sentAndKilledBehind(verb: keyof Store, more: object = {}) {
  await fresh();
  const key = randomUUID();
  await killedBehind(verb, () => send(more, key));
  return (await send(more, key)).id;
}

/** Closed, and each recipient was pushed to once. */
async function reachedOnce(id: string, recipients = INSTALLATIONS) {
  const { state, counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(state, 'completed');
  assert.deepEqual(counts, { recipients, accepted: recipients, failed: 0, skipped: 0, pending: 0 });
  const { distinct, duplicates } = await world.wire();
  assert.deepEqual({ distinct, duplicates }, { distinct: recipients, duplicates: 0 });
}

test('killed behind the write of a campaign: asked again with its key, it is sent, once', async () => {
  await reachedOnce(await sentAndKilledBehind('createCampaign'));
});

test('killed when a scheduled campaign has begun: it is sent, once', async () => {
  await fresh();
  await world.dieBehind('startCampaign');
  const key = randomUUID();
  const unlessRefused = (error: unknown) => {
    if (error instanceof Refused) throw error;
  };
  // its answer may be lost, if that takes longer than it has to wait
  const at = await soon((at) => send({ schedule: { at } }, key).catch(unlessRefused));
  await world.died();
  await world.start();
  const { id } = await send({ schedule: { at } }, key);
  await reachedOnce(id);
});

test('killed when a page was frozen: no recipient is frozen twice', async () => {
  await reachedOnce(await sentAndKilledBehind('freezePage'));
});

test('killed when its time was changed: asked again, it begins at its time, once', async () => {
  await fresh();
  const { id } = await send({ schedule: { at: ahead(3_600_000) } });
  const change = (at: string) =>
    world.client().put<CampaignView>(`/v1/campaigns/${id}/schedule`, { at });
  const later = ahead(7_200_000);
  await killedBehind('reschedule', () => change(later));
  assert.deepEqual((await look(id)).schedule, { at: later });
  await change(later);
  const at = await soon(change);
  await reachedOnce(id);
  assert.ok((await look(id)).firstPushAt! >= at);
});

test('killed when a run of a schedule is there, but not noted: it is one run', async () => {
  await fresh();
  const made = await world.client().post<ScheduleView>('/v1/schedules', {
    name: 'New year',
    cron: '0 0 1 1 *',
    campaign: request,
  });
  const due = Date.parse(made.nextRuns[0]!) + 1_000;
  await killedBehind('createCampaign', () => world.tick(due));
  world.tick(due);
  const schedule = () => world.client().get<ScheduleView>(`/v1/schedules/${made.id}`);
  await until(async () => (await schedule()).runs === 1);
  const { lastCampaignId, nextRuns } = await schedule();
  assert.equal(nextRuns[0], made.nextRuns[1]);
  await reachedOnce(lastCampaignId!);
});

const canary = { percent: 10, holdSeconds: 0 };

test('killed when a canary has passed: the rest follows immediately', async () => {
  await reachedOnce(await sentAndKilledBehind('passCanary', { canary }));
});

test('killed when a canary has stopped its campaign, and when those who failed are tried again', async () => {
  // they are to be tried again when the message is of no use any more
  await world.set({ tooMany: { share: 1, retryAfterSeconds: 600 } });
  const message = { title: 'Hello', ttlSeconds: 590 };
  const some = { canary, message, audience: { platform: ['ios'] } };
  const id = await sentAndKilledBehind('moveCampaign', some);
  await world.set({ tooMany: null });
  const { state, reason } = await look(id);
  assert.deepEqual([state, reason?.slice(0, 18)], ['paused', 'canary: 100.0 % of']);
  assert.equal((await world.wire()).accepted, 0);

  await killedBehind('moveCampaign', () => post(id, 'resume'));
  // its caller, who got no answer, asks again
  await post(id, 'resume');
  const { counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  const all = INSTALLATIONS / 2;
  assert.ok(counts.failed > 0 && counts.failed < all / 2);
  assert.deepEqual([counts.accepted + counts.failed, counts.pending], [all, 0]);

  await killedBehind('createCampaign', () => post(id, 'retry-failures'));
  const again = await post(id, 'retry-failures');
  const done = await watchCampaign(world.client(), again.id, null, { pollMs: 50 });
  assert.deepEqual([done.counts.recipients, done.counts.accepted], [counts.failed, counts.failed]);
  const { distinct, duplicates } = await world.wire();
  assert.deepEqual({ distinct, duplicates }, { distinct: all, duplicates: 0 });
  const { items } = await world.client().get<HistoryView>(`/v1/campaigns/${id}/history`);
  assert.deepEqual(
    items.map((it) => it.to),
    ['accepted', 'running', 'paused', 'running', 'completed'],
  );
});

test('killed right after a pause, and right after the resume: every recipient is reached', async () => {
  const id = await begun();
  assert.equal((await post(id, 'pause')).state, 'paused');
  await killAndStart();
  const { state } = await look(id);
  assert.equal(state, 'paused');
  const { accepted } = await world.wire();
  assert.ok(accepted < INSTALLATIONS, 'it was paused in the middle');
  await goOn();
  assert.equal((await post(id, 'resume')).state, 'running');
  await killAndStart();
  const done = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(done.state, 'completed');
  assert.deepEqual([done.counts.accepted, done.counts.failed], [INSTALLATIONS, 0]);
  assert.equal((await world.wire()).distinct, INSTALLATIONS);
});

test('killed when a cancellation was written, asked again: the ledger closes, the rest is skipped', async () => {
  const id = await begun();
  await killedBehind('moveCampaign', () => post(id, 'cancel'));
  // it may have come to its end meanwhile
  await Promise.allSettled([post(id, 'cancel')]);
  await goOn();
  const { state, counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(state, 'cancelled');
  assert.equal(counts.recipients, INSTALLATIONS);
  assert.equal(counts.accepted + counts.failed + counts.skipped, INSTALLATIONS);
  assert.ok(counts.skipped > 0);
});

test('killed while an app is switched off: nothing goes on by itself, and all of it later', async () => {
  const id = await begun();
  const off = world.client().post('/v1/apps/default/pause');
  await Promise.race([off.catch(() => {}), wait(3)]);
  await killAndStart();
  await world.client().post('/v1/apps/default/pause');
  assert.equal((await look(id)).state, 'paused');
  await goOn();
  await world.client().post('/v1/apps/default/resume');
  await killAndStart();
  const done = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(done.state, 'completed');
  assert.equal((await world.wire()).distinct, INSTALLATIONS);
});
