import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { controlApp, isHeldBack } from '../../../functions/pipeline/control/app-pause.ts';
import {
  cancel,
  pauseBy,
  reschedule,
  resume,
} from '../../../functions/pipeline/control/control.ts';
import { accepted } from '../script.ts';
import { createWorld, DAY, eachOnce, MINUTE, NOW, ticking, type World } from '../world.ts';

const ME = 'ada@example.com';
const message = (ttlSeconds: number) => ({
  message: { title: 'Hallo', ttlSeconds, priority: 'high' as const },
});
const reasonOf = async (world: World, id: string) => (await world.store.getCampaign(id))?.reason;

for (const [when, wait] of [
  ['tomorrow', DAY],
  ['in four months, beyond what a queue takes', 120 * DAY],
] as const)
  test(`a campaign that is to begin ${when} begins then, and lives from then`, async (t) => {
    const world = createWorld(t);
    const people = await world.people(30);
    const at = NOW + wait;
    const id = await world.campaign({ schedule: { at }, ...message(60) });
    assert.equal(await world.stateOf(id), 'scheduled');
    await ticking(world, at - 1, 6 * 60 * MINUTE);
    assert.equal(world.script.sent.length, 0);
    await ticking(world, at + 1, 1);
    await world.run(at + MINUTE);
    const { accepted, campaign } = await world.closed(id);
    assert.deepEqual([accepted, campaign.startedAt], [30, at]);
    assert.ok(world.script.sent.every((it) => it.at === at));
    eachOnce(world, people);
  });

test('a campaign is moved earlier and later, but only until it begins', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5);
  const id = await world.campaign({ schedule: { at: NOW + DAY } });
  for (const at of [NOW + 2 * DAY, NOW + DAY, NOW + 60 * DAY, NOW + 3 * DAY])
    assert.equal((await reschedule(world.ports, id, { at }, ME)).kind, 'ok');
  await world.run(NOW + 3 * DAY - 1);
  assert.equal(world.script.sent.length, 0, 'the earlier times are void');
  await world.run(NOW + 3 * DAY);
  await world.closed(id);
  eachOnce(world, people);
  assert.equal((await reschedule(world.ports, id, { at: NOW + 9 * DAY }, ME)).kind, 'illegal');
  assert.equal((await reschedule(world.ports, 'nothing', { at: NOW + DAY }, ME)).kind, 'missing');
});

test('a campaign whose rescheduling died before it was queued begins at its new time, and not before', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5);
  const [earlier, later] = [NOW + DAY, NOW + 3 * DAY];
  for (const [from, to, by] of [
    // the task of the first time finds that it is early
    [earlier, later, later],
    // none is there at the new time: the sweep finds it
    [later, earlier, earlier + 20 * MINUTE],
  ] as const) {
    const began = world.clock.now;
    const id = await world.campaign({ schedule: { at: began + from - NOW } });
    world.ports.queue = { ...world.queue, create: () => Promise.reject(new Error('killed')) };
    await assert.rejects(reschedule(world.ports, id, { at: began + to - NOW }, ME));
    world.ports.queue = world.queue;
    await ticking(world, began + to - NOW - 1, 6 * 60 * MINUTE);
    assert.equal(world.script.sent.length, 0);
    await ticking(world, began + by - NOW);
    await world.closed(id);
    eachOnce(world, people);
    world.script.sent.length = 0;
  }
});

test('a campaign that is cancelled before it begins counts no recipients and is announced', async (t) => {
  const world = createWorld(t);
  await world.people(5);
  const id = await world.campaign({ schedule: { at: NOW + DAY } });
  assert.equal((await cancel(world.ports, id, ME)).kind, 'ok');
  await world.run();
  const { campaign, recipients } = await world.closed(id);
  assert.deepEqual([campaign.state, recipients, world.script.sent.length], ['cancelled', 0, 0]);
});

test('a scheduled campaign whose tasks are all lost is begun by the sweep', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5);
  world.ports.queue = { ...world.queue, create: async () => {} };
  const id = await world.campaign({ schedule: { at: NOW + DAY } });
  world.ports.queue = world.queue;
  await ticking(world, NOW + DAY + 20 * MINUTE);
  await world.closed(id);
  eachOnce(world, people);
});

test('a pause by a person stops between two recipients; resumed, each recipient is sent to once', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5000);
  let id = '';
  let paused: Promise<unknown> | null = null;
  world.script.answer = async () => {
    if (world.script.sent.length === 1200) {
      paused = pauseBy(world.ports, id, ME);
      await paused;
    }
    // checkpoints come by the real clock
    if (paused) await new Promise((done) => setTimeout(done, 5));
    return accepted;
  };
  id = await world.campaign();
  await world.run(NOW + 20 * MINUTE);
  assert.equal(await world.stateOf(id), 'paused');
  assert.equal(await reasonOf(world, id), `paused by ${ME}`);
  const before = world.script.sent.length;
  assert.ok(before < 5000, `${before} were sent to`);
  world.clock.now += 60 * MINUTE;
  await world.run(world.clock.now + 60 * MINUTE);
  assert.equal(world.script.sent.length, before, 'nothing leaves');
  world.script.answer = () => accepted;
  assert.equal((await pauseBy(world.ports, id, ME)).kind, 'ok', 'twice is once');
  assert.equal((await resume(world.ports, id, ME)).kind, 'ok');
  await world.run();
  await world.closed(id);
  eachOnce(world, people);
  assert.equal((await pauseBy(world.ports, id, ME)).kind, 'illegal');
  assert.equal((await pauseBy(world.ports, 'nothing', ME)).kind, 'missing');
});

test('paused before it is planned, it is planned when it is resumed, or cancelled', async (t) => {
  const world = createWorld(t);
  const people = await world.people(50);
  const ids = [await world.campaign(message(60)), await world.campaign(message(60))];
  for (const id of ids) assert.equal((await pauseBy(world.ports, id, ME)).kind, 'ok');
  await world.run(NOW + DAY);
  assert.equal(world.script.sent.length, 0);
  assert.equal((await resume(world.ports, ids[0]!, ME)).kind, 'ok');
  assert.equal((await cancel(world.ports, ids[1]!, ME)).kind, 'ok');
  await world.run();
  assert.equal((await world.closed(ids[0]!)).accepted, 50, 'its times to live count from now');
  assert.equal((await world.closed(ids[1]!)).skipped, 50);
  eachOnce(world, people);
});

test('a resume that died before it queued the rest is made up for when it is asked again', async (t) => {
  const world = createWorld(t);
  const people = await world.people(100);
  world.script.answer = () => ({ kind: 'blocked', reason: 'BadTopic' });
  const id = await world.send();
  world.script.answer = () => accepted;
  world.script.sent.length = 0;
  world.ports.queue = { ...world.queue, create: () => Promise.reject(new Error('killed')) };
  await assert.rejects(resume(world.ports, id));
  world.ports.queue = world.queue;
  await ticking(world, world.clock.now + 40 * MINUTE);
  await world.closed(id);
  eachOnce(world, people);
});

test('a paused app sends nothing, old or new, until it is resumed', async (t) => {
  const world = createWorld(t);
  const people = await world.people(20);
  const scheduled = await world.campaign({ schedule: { at: NOW + 10 * MINUTE } });
  const old = await world.campaign();
  const byHand = await world.campaign();
  await pauseBy(world.ports, byHand, ME);
  assert.equal(await controlApp(world.ports, { app: 'default', verb: 'pause', by: ME }), 1);
  const fresh = await world.campaign();
  await world.run(NOW + 20 * MINUTE);
  assert.equal(world.script.sent.length, 0);
  for (const id of [scheduled, old, fresh]) assert.equal(await world.stateOf(id), 'paused');
  world.clock.now += 1;
  assert.equal(await controlApp(world.ports, { app: 'default', verb: 'resume', by: ME }), 3);
  await world.run();
  for (const id of [scheduled, old, fresh]) assert.equal((await world.closed(id)).accepted, 20);
  assert.equal(await world.stateOf(byHand), 'paused', 'the switch is not why it is paused');
  assert.equal(await controlApp(world.ports, { app: 'default', verb: 'cancel', by: ME }), 1);
  await world.run();
  assert.equal((await world.closed(byHand)).skipped, 20);
  assert.equal(world.script.sent.length, 3 * people.length);
});

test('an app pause whose process dies is finished by its task, and a stale one changes nothing', async (t) => {
  const world = createWorld(t);
  await world.people(20);
  const id = await world.campaign();
  const { store } = world.ports;
  world.ports.store = {
    ...store,
    // biome-ignore lint/correctness/useYield: it dies first
    async *openCampaigns() {
      throw new Error('killed');
    },
  };
  await assert.rejects(controlApp(world.ports, { app: 'default', verb: 'pause', by: ME }));
  world.ports.store = store;
  await world.run(NOW + MINUTE);
  assert.equal(await world.stateOf(id), 'paused');
  await controlApp(world.ports, { app: 'default', verb: 'resume', by: ME });
  await world.run();
  await world.closed(id);
  const other = await store.getCampaign(await world.campaign());
  assert.equal(await isHeldBack(world.ports, other!), false);
});

const canary = { percent: 10, holdSeconds: 600, maxFailureRate: 0.2 };
const refused: Outcome = { kind: 'rejected', reason: 'PayloadTooLarge' };

test('a canary goes first; the others follow when it has passed and was held', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5000);
  const id = await world.campaign({ canary });
  await world.run(NOW + 9 * MINUTE);
  const first = world.script.sent.length;
  assert.ok(first > 400 && first < 600, `${first} are about a tenth`);
  assert.equal((await world.store.getCampaign(id))?.guard, 'canary');
  await world.run();
  await world.closed(id);
  eachOnce(world, people);
  assert.ok(world.script.sent.slice(first).every((it) => it.at >= NOW + 10 * MINUTE));
});

test('a canary that fails pauses with the reason; resumed in spite of it, the rest goes', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5000);
  world.script.answer = ({ index }) => (index % 2 ? refused : accepted);
  const id = await world.campaign({ canary });
  await world.run(NOW + 60 * MINUTE);
  assert.match((await reasonOf(world, id))!, /^canary: \d\d\.\d % of \d+ failed$/);
  assert.ok(world.script.sent.length < 600);
  await resume(world.ports, id, ME);
  await world.run();
  const { accepted: taken } = await world.closed(id);
  assert.ok(taken > 2400 && taken < 2600);
  eachOnce(world, people);
});

test('a canary that was paused by a person is a canary still when it goes on', async (t) => {
  const world = createWorld(t);
  await world.people(5000);
  const id = await world.campaign({ canary });
  await world.run(NOW + MINUTE);
  const first = world.script.sent.length;
  await pauseBy(world.ports, id, ME);
  await world.run(NOW + 60 * MINUTE);
  await resume(world.ports, id, ME);
  await world.run(world.clock.now + MINUTE);
  assert.equal(world.script.sent.length, first);
  assert.equal((await world.store.getCampaign(id))?.guard, 'canary');
  await cancel(world.ports, id, ME);
  await world.run();
  assert.equal((await world.closed(id)).skipped, 5000 - first);
});

test('a canary whose tasks are lost is watched again by the sweep', async (t) => {
  const world = createWorld(t);
  const people = await world.people(3000);
  world.ports.queue = {
    ...world.queue,
    create: (tasks) => world.queue.create(tasks.filter((it) => it.body.kind !== 'canary')),
  };
  const id = await world.campaign({ canary });
  await world.run(NOW + MINUTE);
  world.ports.queue = world.queue;
  await ticking(world, NOW + 60 * MINUTE);
  await world.closed(id);
  eachOnce(world, people);
});

test('a canary cut short by a death behind its passing is gone on with', async (t) => {
  const world = createWorld(t);
  const people = await world.people(3000);
  const id = await world.campaign({ canary });
  await world.run(NOW + 9 * MINUTE);
  await world.store.passCanary(id, world.clock.now, 'and died');
  await ticking(world, NOW + 60 * MINUTE);
  await world.closed(id);
  eachOnce(world, people);
});

test('the failure guard pauses a campaign that fails by half; uninstalled apps do not count', async (t) => {
  const world = createWorld(t);
  const people = await world.people(6000);
  world.script.answer = ({ index }) =>
    index % 3 ? { kind: 'unregistered', reason: 'UNREGISTERED', since: null } : accepted;
  const fine = await world.send();
  assert.equal((await world.closed(fine)).campaign.state, 'completed');
  await world.store.putInstallations(people);
  world.script.sent.length = 0;
  world.script.answer = ({ index }) => (index % 3 ? refused : accepted);
  const id = await world.send();
  assert.match((await reasonOf(world, id))!, /^failure guard: 66\.\d % of [\d,]+ failed$/);
  assert.ok(world.script.sent.length <= 5000, `${world.script.sent.length} were sent to`);
  await resume(world.ports, id, ME);
  await world.run();
  assert.equal((await world.closed(id)).campaign.state, 'completed', 'overruled once is enough');
});
