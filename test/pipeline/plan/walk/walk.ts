/**
 * A walk through three days. A seed makes devices, policies, campaigns and what happens to them; a model that
 * knows nothing of waves and shards, but asks clocks on walls, says what each device must get, and when.
 */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { offsetAt } from '../../../../functions/lib/wall-clock.ts';
import { putAppPolicy } from '../../../../functions/pipeline/app-policy.ts';
import { cancel, resume } from '../../../../functions/pipeline/control/control.ts';
import { sweep } from '../../../../functions/pipeline/sweep.ts';
import { chance } from '../../../contracts/store-fixture.ts';
import { accepted } from '../../script.ts';
import { createWorld, DAY, MINUTE, type World } from '../../world.ts';
import { anyPolicy, createCampaigns } from './campaigns.ts';
import { type Closed, checkHeld, checkOnce, checkTimes, checkWaves, type Walked } from './check.ts';
import { HOUR } from './clocks.ts';
import { createDevices } from './devices.ts';
import { deadlyQueue, deadlyStore, survive } from './faults.ts';
import { createFrozen, type Rules } from './frozen.ts';

/** Days before clocks are put back in Europe, or forward in New Zealand or America, and other ones. */
const BEGINS = ['2026-10-22T07:13', '2026-09-24T22:31', '2026-03-05T11:02', '2026-12-23T16:45'];
const MOST_CAMPAIGNS = 5;

/** As with a ticker that comes every five minutes; no task is late. */
async function ticking(world: World, until: number) {
  while (world.clock.now < until) {
    const stop = Math.min(until, world.clock.now + 5 * MINUTE);
    await sweep(world.ports);
    await world.run(stop);
    world.clock.now = stop;
  }
  await sweep(world.ports);
  await world.settle();
}

/** What a walk has, by chance. */
function settingOf({ below }: ReturnType<typeof chance>) {
  const calm = below(2) === 0;
  return {
    calm,
    moves: below(3) > 0,
    optOuts: below(2) === 0,
    policies: below(3) === 0,
    rules: below(4) === 0,
    skewed: !calm && below(3) === 0,
    flaky: below(4) === 0,
    isLarge: below(2) === 0,
  };
}

type Stage = Awaited<ReturnType<typeof stageOf>>;

/** A world with devices, a policy and campaigns to come, whose store and queue die unless all is calm. */
async function stageOf(t: TestContext, seed: number) {
  const by = chance(seed * 7919 + 17);
  const oneIn = (n: number) => by.below(n) === 0;
  const begin = Date.parse(`${by.pick(BEGINS)}Z`);
  const end = begin + 3 * DAY;
  const setting = settingOf(by);
  const { calm, flaky, isLarge } = setting;
  const unkind = { duplicate: 0.3, disorder: true };
  const world = createWorld(t, { seed, clock: { now: begin }, ...(!calm && { unkind }) });
  const { clock, store, ports, script } = world;
  const deadly = { isDeadly: !calm };
  const skew = { ms: 0 };
  ports.now = () => clock.now + skew.ms;
  ports.chunkSize = 10;
  const devices = createDevices(store, clock, by);
  await devices.fill();
  const rules: Rules = { policy: anyPolicy(by), offset: offsetAt };
  if (setting.rules) ports.offsetAt = (zone, at) => rules.offset(zone, at);
  const campaigns = createCampaigns(world, by, deadly, devices);
  const frozen = createFrozen(devices, rules);
  const categoryOf = (id: string) =>
    campaigns.all.find((it) => it.id === id)?.request.message.category;
  ports.store = deadlyStore(store, by, deadly, {
    isLarge,
    note: (page) => frozen.note(page, categoryOf(page.campaignId)),
  });
  ports.queue = deadlyQueue(world.queue, by, deadly);
  script.answer = () =>
    flaky && clock.now < end && oneIn(3)
      ? { kind: 'retry', reason: 'Unavailable', afterMs: null, scope: 'device' }
      : accepted;
  return { by, oneIn, seed, end, setting, world, deadly, skew, devices, rules, campaigns, frozen };
}

const putPolicy = ({ world: { ports }, rules: { policy } }: Stage) =>
  putAppPolicy(ports, { app: 'default', policy, by: 'me' });

/** The rules of a zone change: its clocks show another time, from some hour near now on. */
function changeRules({ by: { below, pick }, world: { clock }, devices, rules }: Stage) {
  const changed = pick(devices.pool);
  const from = clock.now + (below(72) - 6) * HOUR;
  const ms = pick([-1, -0.5, 0.5, 1]) * HOUR;
  rules.offset = (zone, at) => offsetAt(zone, at) + (zone === changed && at >= from ? ms : 0);
}

/** What happens between two steps. */
async function change(stage: Stage) {
  const { by, oneIn, setting, skew, devices, rules, campaigns } = stage;
  if (setting.moves && oneIn(2)) await devices.move();
  if (setting.moves && oneIn(10)) await devices.remove();
  if (setting.moves && oneIn(10)) await devices.join();
  if (setting.optOuts && oneIn(3)) await devices.waver();
  if (setting.rules && rules.offset === offsetAt && oneIn(40)) changeRules(stage);
  if (setting.skewed) skew.ms = (by.below(9) - 4) * MINUTE;
  if (setting.policies && oneIn(12)) {
    rules.policy = anyPolicy(by);
    await putPolicy(stage);
  }
  for (const it of campaigns.all) {
    if (it.isCancelled) continue;
    if (!setting.calm) await campaigns.pauseOrResume(it);
    if (oneIn(60)) await campaigns.cancel(it);
    else if (oneIn(10)) await campaigns.moveTo(it);
  }
}

/** Resumes all campaigns until they are closed, for six days at most. */
async function closeAll({ world, campaigns }: Stage) {
  const { clock, store, ports } = world;
  for (let hours = 0; hours < 6 * 24; hours++) {
    let open = 0;
    for (const { id, isCancelled } of campaigns.all) {
      if ((await store.getCampaign(id))?.closedAt === null) open += 1;
      await (isCancelled ? cancel(ports, id) : resume(ports, id));
    }
    if (open === 0) return;
    await ticking(world, clock.now + HOUR);
  }
}

async function check({ seed, setting, world, devices, rules, campaigns, frozen }: Stage) {
  const walked: Walked = { ...setting, rulesChanged: rules.offset !== offsetAt };
  const problems = [...frozen.problems];
  for (const started of campaigns.all) {
    const { id, request } = started;
    const { campaign, counts } = await world.closed(id);
    const sent = world.script.sent.filter((one) => one.seed.startsWith(`${id}.`));
    const it: Closed = {
      started,
      campaign,
      counts,
      devices,
      walked,
      frozen: frozen.all.filter((one) => one.campaign === id),
      sent: Map.groupBy(sent, (one) => one.installationId),
      say: (text) => problems.push(`${JSON.stringify({ id, ...request })}: ${text}`),
    };
    checkOnce(it);
    await checkWaves(world, it);
    if (started.isCancelled) continue;
    checkTimes(it);
    checkHeld(it);
  }
  assert.deepEqual(problems, [], JSON.stringify({ seed, ...setting, policy: rules.policy }));
}

export async function walk(t: TestContext, seed: number) {
  const stage = await stageOf(t, seed);
  const { by, oneIn, end, world, deadly, skew, campaigns } = stage;
  const { clock } = world;
  await putPolicy(stage);
  while (clock.now < end) {
    if (campaigns.all.length < MOST_CAMPAIGNS && oneIn(8)) await campaigns.start();
    const until = Math.min(end, clock.now + (1 + by.below(120)) * MINUTE);
    await survive(() => ticking(world, until));
    await change(stage);
  }
  deadly.isDeadly = false;
  skew.ms = 0;
  await closeAll(stage);
  await check(stage);
}
