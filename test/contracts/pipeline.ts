/**
 * What control, schedules and retries promise on any store: the pipeline on the real queue, with time
 * that passes only when told to.
 */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { defaultPolicy } from '../../functions/model/app-policy.ts';
import type { CampaignRequest } from '../../functions/model/campaign.ts';
import type { Outcome } from '../../functions/model/outcome.ts';
import { messageSchema } from '../../functions/model/schemas/message.ts';
import { messageRequestSchema, toCampaignRequest } from '../../functions/model/schemas/push.ts';
import { scheduleRequestSchema } from '../../functions/model/schemas/schedule.ts';
import { accept } from '../../functions/pipeline/accept/accept.ts';
import { putAppPolicy } from '../../functions/pipeline/app-policy.ts';
import { pauseBy, reschedule, resume } from '../../functions/pipeline/control/control.ts';
import { retryFailures } from '../../functions/pipeline/control/retry.ts';
import { plan } from '../../functions/pipeline/plan/plan.ts';
import { report, reportText } from '../../functions/pipeline/report.ts';
import { createOnce, createSchedule, startDue } from '../../functions/pipeline/schedules/recur.ts';
import { singlePush } from '../../functions/pipeline/single-push.ts';
import type { Queue, Store } from '../../functions/ports/ports.ts';
import { accepted } from '../pipeline/script.ts';
import { createWorld, eachOnce, MINUTE, ticking, type World } from '../pipeline/world.ts';
import { CHANGES, hoursOf, sundaysAt } from './clocks.ts';
import { allPages, type MakeStore, NOW } from './store-fixture.ts';

const HOUR = 60 * MINUTE;
const ME = 'ada@example.com';
const refused: Outcome = { kind: 'rejected', reason: 'PayloadTooLarge' };

export function pipelineContract(name: string, makeStore: MakeStore, skip: string | false = false) {
  const walk = (title: string, walked: (world: World, t: TestContext) => Promise<void>) =>
    test(`${name}: ${title}`, { skip }, async (t) => {
      const clock = { now: NOW };
      const store = await makeStore(t, () => clock.now);
      await walked(createWorld(t, { store, clock }), t);
    });

  walk(
    'a year of schedules in four zones, with ticks of every kind: each run once',
    async (world) => {
      const [begin, end] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)];
      world.clock.now = begin;
      // what becomes of the campaigns is another matter
      world.ports.queue = lostQueue;
      const started = recorded(world);
      const due: string[] = [];
      for (const [timeZone, cron, times] of [
        ['Europe/Berlin', '15 2 * * 0', sundaysAt('02:15')],
        ['America/New_York', '15 2 * 3,4,10,11 0', sundaysAt('02:15', CHANGES)],
        ['America/New_York', '45 1 * 3,4,10,11 0', sundaysAt('01:45', CHANGES)],
        ['Australia/Lord_Howe', '15 2 * 3,4,10,11 0', sundaysAt('02:15', CHANGES)],
        ['Australia/Lord_Howe', '45 1 * 3,4,10,11 0', sundaysAt('01:45', CHANGES)],
        ['Asia/Kolkata', '15 2 * 3,4,10,11 0', sundaysAt('02:15', CHANGES)],
        // of 23 hours and of 25
        ['Europe/Berlin', '0 * 29 3 *', hoursOf('29/03/2026')],
        ['Europe/Berlin', '0 * 25 10 *', hoursOf('25/10/2026')],
      ] as const) {
        const { id } = await createSchedule(world.ports, asked({ cron, timeZone }));
        due.push(...times(timeZone, begin, end).map((at) => `${id} ${new Date(at).toISOString()}`));
      }
      assert.equal(due.length, 52 + 5 * 18 + 23 + 25);
      const whens = due.map((it) => Date.parse(it.split(' ')[1]!)).toSorted((a, b) => a - b);
      let step = 0;
      for (const next of whens) {
        if (next <= world.clock.now) continue;
        step += 1;
        // on time; late by an hour, all but: then an hourly one has two runs that are due
        world.clock.now = step % 3 === 1 ? next + HOUR - MINUTE : next;
        const ticks = Array.from({ length: step % 9 === 2 ? 2 : 1 }, () => startDue(world.ports));
        await Promise.all(ticks);
        if (step % 3 === 0) assert.equal(await startDue(world.ports), 0, 'the same tick again');
      }
      assert.deepEqual(started.toSorted(), due.toSorted());
      assert.equal((await campaignsOf(world.store)).length, due.length);
      const { items } = await world.store.listSchedules(null, 100);
      assert.equal(
        items.reduce((sum, it) => sum + it.runs, 0),
        due.length,
      );
    },
  );

  walk('requests with one Idempotency-Key make one schedule, also at once', async (world) => {
    const { ports, store } = world;
    const request = asked({ cron: '0 * * * *' });
    const all = await Promise.all([1, 2, 3].map(() => createOnce(ports, request, 'one')));
    const other = await createOnce(ports, { ...request, name: 'Another' }, 'one');
    assert.equal(other, 'conflict');
    const { items } = await store.listSchedules(null, 100);
    assert.equal(items.length, 1);
    assert.deepEqual(all, [items[0], items[0], items[0]]);
    // of another key, and of another app
    await createOnce(ports, request, 'two');
    const campaign = { ...request.campaign, app: 'other' };
    await createOnce(ports, { ...request, campaign }, 'one');
    assert.equal((await store.listSchedules(null, 100)).items.length, 3);
  });

  walk(
    'a tick that dies after it made the campaign is made good by two others together',
    async (world) => {
      const { store, ports, clock } = world;
      const { id } = await createSchedule(ports, asked({ cron: '0 * * * *' }));
      clock.now += HOUR;
      ports.queue = lostQueue;
      ports.store = { ...store, putSchedule: () => Promise.reject(new Error('killed')) };
      await startDue(ports);
      ports.store = store;
      await Promise.all([startDue(ports), startDue(ports)]);
      assert.equal((await campaignsOf(store)).length, 1);
      assert.equal((await store.getSchedule(id))?.runs, 1);
    },
  );

  walk(
    'killed again and again behind a write, a campaign reaches everybody, once',
    async (world) => {
      const { ports, clock } = world;
      const people = await world.people(60);
      const began = clock.now;
      const left = mortal(world, [
        ...([
          'createCampaign',
          'reschedule',
          'moveCampaign',
          'startCampaign',
          'freezePage',
        ] as const),
        ...(['claimChunk', 'commitChunk', 'passCanary', 'published'] as const),
      ]);
      /** Who gets no answer asks again. */
      const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
        const before = left.size;
        return ask().catch((error) => {
          if (left.size === before) throw error;
          return asked(ask);
        });
      };
      const request = {
        name: 'Autumn',
        app: 'default',
        audience: {},
        dryRun: false,
        message: { title: 'Hallo', ttlSeconds: 24 * 3600, priority: 'high' as const },
        schedule: { at: began + MINUTE },
        canary: { percent: 30, holdSeconds: 300, maxFailureRate: 0.1 },
      };
      const made = await asked(() => accept(ports, request, 'key'));
      assert.ok('campaign' in made);
      const { id } = made.campaign;
      await asked(() => reschedule(ports, id, { at: began + 2 * MINUTE }, ME));
      await asked(() => ticking(world, began + 5 * MINUTE, MINUTE));
      const first = world.script.sent.length;
      assert.ok(first > 0 && first < 60, `${first} are the canary`);
      for (const control of [pauseBy, resume])
        assert.equal((await asked(() => control(ports, id, ME))).kind, 'ok');
      await asked(() => ticking(world, began + HOUR, 10 * MINUTE));
      assert.deepEqual([...left], []);
      assert.equal((await world.closed(id)).accepted, 60);
      eachOnce(world, people);
    },
  );

  walk('the failure guard adds up shards that are too small alone', async (world) => {
    const { store, ports, script } = world;
    const people = await world.people(3_200);
    // as of an audience that is far smaller than what is known of it beforehand
    ports.store = { ...store, estimateAudience: async () => 500_000 };
    script.answer = ({ index }) => (index % 4 ? refused : accepted);
    const id = await world.send();
    const paused = await store.getCampaign(id);
    assert.equal(paused?.shards, 8);
    assert.match(paused?.reason ?? paused.state, /^failure guard: 7\d\.\d % of [\d,]+ failed$/);
    assert.ok(script.sent.length < 2_900, `${script.sent.length} were sent to`);
    await resume(ports, id, ME);
    await world.run();
    await world.closed(id);
    eachOnce(world, people);
  });

  walk(
    'a campaign goes by the policy that held when it was accepted, and a retry by its own',
    async (world) => {
      const { ports, script, clock, store } = world;
      await world.people(3);
      const put = (enabled: boolean, delivered: number) =>
        putAppPolicy(ports, {
          app: 'default',
          policy: { ...defaultPolicy, receipts: { enabled, delivered } },
          by: ME,
        });
      /** the shares of `delivered` in what was sent since it was asked before; null: without receipts */
      const kept = () => {
        const sent = script.sent.splice(0).map((it) => it.receipts?.delivered ?? null);
        return [...new Set(sent)];
      };
      script.answer = () => ({ kind: 'unknown', reason: 'ConnectionLost' });
      const first = await world.campaign();
      const later = await world.campaign({ schedule: { at: clock.now + HOUR } });
      await put(false, 0.02);
      await world.run();
      assert.equal((await world.closed(first)).counts.failed, 3);
      assert.equal((await world.closed(later)).counts.failed, 3);
      assert.deepEqual(kept(), [0.02]);
      script.answer = () => accepted;
      await retryFailures(ports, first, null, ME);
      await world.run();
      assert.deepEqual(kept(), [null]);
      await put(true, 0.5);
      const schedule = await createSchedule(ports, asked({ cron: '0 * * * *', timeZone: 'UTC' }));
      clock.now += HOUR;
      await startDue(ports);
      await store.deleteSchedule(schedule.id);
      await world.run();
      assert.deepEqual(kept(), [0.5]);
      // as an older version stored it
      const { receipts: _, ...old } = (await store.getCampaign(first))!;
      const before = { ...old, id: 'older', state: 'accepted' as const, closedAt: null, shards: 0 };
      await store.createCampaign(before, null, clock.now);
      await plan(ports, 'older', new AbortController().signal);
      await world.run();
      assert.deepEqual(kept(), [null]);
    },
  );

  walk(
    'a large campaign has its id as its analytics label, unless its app wants no receipts',
    async (world) => {
      const { store, ports, script } = world;
      await world.people(3);
      const labels = async (installations: number, rest: Partial<CampaignRequest> = {}) => {
        script.sent.length = 0;
        ports.store = { ...store, estimateAudience: async () => installations };
        const id = await world.send(rest);
        await world.closed(id);
        return [...new Set(script.sent.map((it) => (it.label === id ? 'its id' : it.label)))];
      };
      assert.deepEqual(await labels(80_000), [undefined]);
      assert.deepEqual(await labels(100_000), ['its id']);
      const canary = { percent: 40, holdSeconds: 60, maxFailureRate: 0.1 };
      assert.deepEqual(await labels(80_000, { canary }), [undefined]);
      assert.deepEqual(await labels(100_000, { canary }), ['its id']);
      const policy = { ...defaultPolicy, receipts: { enabled: false, delivered: 0.02 } };
      await putAppPolicy(ports, { app: 'default', policy, by: ME });
      assert.deepEqual(await labels(100_000), [undefined]);
    },
  );

  walk(
    'an audience that was not read whole is told, whatever became of the rest',
    async (world) => {
      const { store, ports } = world;
      await world.people(2_600, (n) => ({ optedOut: n % 4 === 0 }));
      const whole = await world.send();
      assert.equal((await world.closed(whole)).accepted, 1_950);
      assert.equal((await report(ports, whole))?.unread, 0, 'opting out is no loss');
      let lost = 0;
      ports.store = {
        ...store,
        async *streamAudience(read) {
          let pages = 0;
          for await (const page of store.streamAudience({ ...read, size: 500 }))
            if (++pages !== 2) yield page;
            else lost += page.installations.length + (page.leftOut ?? 0);
        },
      };
      const cut = await world.send();
      assert.equal((await world.closed(cut)).accepted, 1_450);
      const made = (await report(ports, cut))!;
      assert.deepEqual([made.unread, made.ledgerClosed], [lost, true]);
      assert.match(reportText(made), /^Not read +[\d,]+: planning counted [\d,]+$/m);
      assert.deepEqual(world.logged.audienceUnread, [{ campaignId: cut, unread: made.unread }]);
      const told = world.announced.find((it) => it.subject === cut)!;
      assert.equal((told.data as { unread?: number }).unread, made.unread);
    },
  );

  walk('who opted out of the category gets none of it, and is no loss', async (world) => {
    const { ports } = world;
    const isOut = (n: number) => n % 4 === 0;
    await world.people(2_600, (n) => (isOut(n) ? { optedOutOf: ['marketing'] } : {}));
    const message = messageSchema.parse({ title: 'Sale', category: 'marketing' });
    const marketing = await world.send({ message });
    const { accepted, counts } = await world.closed(marketing);
    assert.deepEqual([accepted, counts.leftOut], [1_950, 650]);
    assert.equal((await report(ports, marketing))?.unread, 0);
    assert.equal((await world.closed(await world.send())).accepted, 2_600);
    const orders = await world.send({ message: { ...message, category: 'orders' } });
    assert.equal((await world.closed(orders)).accepted, 2_600);
    const named = { installationIds: ['device-0', 'device-1'] };
    const toNamed = await world.send({ message, audience: named });
    assert.equal((await world.closed(toNamed)).accepted, 1);
  });

  walk(
    'neither a message nor a retry reaches who has opted out of its category meanwhile',
    async (world) => {
      const { ports, store, script } = world;
      await world.people(4, (n) => ({
        userId: 'ada',
        ...(n === 0 && { optedOutOf: ['marketing'] }),
      }));
      const sentTo = () =>
        script.sent
          .splice(0)
          .map((it) => it.installationId)
          .sort();
      const push = async (category: string) => {
        const message = { title: 'Sale', category };
        const asked = messageRequestSchema.parse({ userIds: ['ada'], message });
        await singlePush(ports, toCampaignRequest(asked), null);
        await world.run();
        return sentTo();
      };
      assert.deepEqual(await push('marketing'), ['device-1', 'device-2', 'device-3']);
      assert.equal((await push('orders')).length, 4);
      script.answer = () => ({ kind: 'unknown', reason: 'ConnectionLost' });
      const message = messageSchema.parse({ title: 'Sale', category: 'marketing' });
      const id = await world.send({ message });
      assert.equal((await world.closed(id)).counts.failed, 3);
      for (const [device, category] of [
        ['device-1', 'marketing'],
        ['device-2', 'orders'],
      ] as const)
        await store.updateInstallation('default', device, (it) => ({
          ...it,
          optedOutOf: [category],
        }));
      sentTo();
      script.answer = () => accepted;
      await retryFailures(ports, id, null, ME);
      await world.run();
      assert.deepEqual(sentTo(), ['device-2', 'device-3']);
    },
  );

  walk('devices that show nothing get their push, and the report counts them', async (world) => {
    await world.people(2_600, (n) => ({
      ...(n % 4 === 0 && { permission: n % 8 ? 'denied' : 'provisional' }),
    }));
    const id = await world.send();
    const closed = await world.closed(id);
    assert.deepEqual([closed.accepted, closed.counts.denied], [2_600, 325]);
    const made = (await report(world.ports, id))!;
    assert.match(reportText(made), /^Can see it +2,275: the others deny it$/m);
    const to = { permission: ['provisional' as const] };
    const some = await world.send({ audience: to });
    const { recipients, counts } = await world.closed(some);
    assert.deepEqual([recipients, counts.denied], [325, undefined]);
  });

  walk(
    'those who failed for reasons that pass are tried again, once, with their token of today',
    async (world) => {
      const { store, ports, script } = world;
      const people = await world.people(1_000, (n) => ({ platform: n % 2 ? 'ios' : 'android' }));
      const kindOf = (id: string) => Number(id.slice('device-'.length)) % 5;
      const outcomes: Outcome[] = [
        accepted,
        refused,
        { kind: 'unknown', reason: 'ConnectionLost' },
        { kind: 'unregistered', reason: 'UNREGISTERED', since: null },
        accepted,
      ];
      script.answer = ({ installationId }) => outcomes[kindOf(installationId)]!;
      const id = await world.campaign();
      assert.equal((await retryFailures(ports, id, null, ME)).kind, 'illegal');
      await world.run();
      assert.equal((await world.closed(id)).counts.failed, 600);
      // one was given another token, one is gone
      const worth = people.filter((it) => kindOf(it.id) === 2);
      await store.putInstallations([{ ...worth[0]!, token: 'of today' }]);
      await store.deleteInstallation('default', worth[1]!.id);
      script.sent.length = 0;
      script.answer = () => accepted;
      // asked twice at the same time, and later
      const [made, same] = await Promise.all([0, 1].map(() => retryFailures(ports, id, null, ME)));
      assert.ok(made && 'campaign' in made && same && 'campaign' in same);
      assert.equal(made.campaign.id, same.campaign.id);
      assert.deepEqual([made.kind, same.kind].toSorted(), ['accepted', 'existing']);
      await world.run();
      const again = await retryFailures(ports, id, null, ME);
      assert.ok('campaign' in again && again.campaign.id === made.campaign.id);
      const { campaign, recipients } = await world.closed(made.campaign.id);
      assert.deepEqual([campaign.retryOf, recipients], [id, worth.length - 1]);
      assert.equal(campaign.message.collapseId, id, 'what arrived after all is replaced');
      eachOnce(
        world,
        worth.filter((it) => it !== worth[1]),
      );
      assert.ok(script.sent.some((it) => it.token === 'of today'));
      assert.equal((await retryFailures(ports, 'nothing', null, ME)).kind, 'missing');
    },
  );
}

const lostQueue: Queue = {
  create: async () => {},
  waiting: async (tasks) => tasks.map(() => false),
};

const asked = (times: { cron: string; timeZone?: string }) =>
  scheduleRequestSchema.parse({
    name: 'Morning',
    ...times,
    campaign: {
      name: 'Morning',
      audience: { everybody: true },
      message: { title: 'Good morning' },
    },
  });

/**
 * The process dies when one of these verbs has written, of each the first time: nothing that it began
 * does anything any more. Another takes its place, which gets the tasks again. Gives those that were
 * not come to yet.
 */
function mortal({ ports }: World, verbs: (keyof Store)[]): Set<string | symbol> {
  const left = new Set<string | symbol>(verbs);
  const { store, queue, events } = ports;
  const begin = () => {
    let dead = false;
    const of = <T extends object>(it: T) =>
      new Proxy(it, {
        get(target, name) {
          const work = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
          return (...args: unknown[]) => {
            if (dead) throw new Error('dead');
            if (!left.has(name)) return work(...args);
            return work(...args).then(() => {
              if (left.delete(name)) begin();
              dead = true;
              throw new Error('killed');
            });
          };
        },
      });
    Object.assign(ports, { store: of(store), queue: of(queue), events: of(events) });
  };
  begin();
  return left;
}

/** What a run of a schedule was started for, by the key of its campaign. */
function recorded({ ports, store }: World): string[] {
  const started: string[] = [];
  ports.store = {
    ...store,
    async createCampaign(campaign, idempotency, ...rest) {
      const created = await store.createCampaign(campaign, idempotency, ...rest);
      const [, id, at] = idempotency!.key.split(' ');
      if (created.kind === 'created') started.push(`${id} ${new Date(Number(at)).toISOString()}`);
      return created;
    },
  };
  return started;
}

const campaignsOf = (store: Store): Promise<CampaignRequest[]> =>
  allPages((after) => store.listCampaigns(after, 100), 100);
