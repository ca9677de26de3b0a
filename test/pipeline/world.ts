/**
 * A whole engine in one process: the real SQLite store (or the one given), the real embedded queue, time that passes
 * only when told to, chance that is the same in every run, and a scripted sender. Its ports can be
 * replaced in the middle of a test; the pipeline looks them up for every task.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { createEmbeddedEvents } from '../../functions/events/embedded.ts';
import { type CampaignRequest, ledgerCloses } from '../../functions/model/campaign.ts';
import { closedIn } from '../../functions/model/campaign-events.ts';
import type { CampaignEvent } from '../../functions/model/event.ts';
import { type QueueName, queueNames } from '../../functions/model/queues.ts';
import type { Registration } from '../../functions/model/schemas/registration.ts';
import type { Task } from '../../functions/model/tasks.ts';
import { accept } from '../../functions/pipeline/accept/accept.ts';
import { resume } from '../../functions/pipeline/control/control.ts';
import { createTaskHandler } from '../../functions/pipeline/handler.ts';
import { sendChunk } from '../../functions/pipeline/send/send.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import type { Log, Ports, Queue, Store } from '../../functions/ports/ports.ts';
import {
  createEmbeddedQueue,
  type EmbeddedQueueOptions,
} from '../../functions/queue/embedded/queue.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { createDeliver } from '../../functions/webhooks/deliver.ts';
import { createFanOut } from '../../functions/webhooks/fan-out.ts';
import { createPoster, type Poster } from '../../functions/webhooks/post.ts';
import { allFailures, chance, MINUTE, NOW, person } from '../contracts/store-fixture.ts';
import { createScript } from './script.ts';

export { MINUTE, NOW } from '../contracts/store-fixture.ts';
export const DAY = 24 * 60 * 60_000;

const limits = {
  perSecond: 1_000_000,
  concurrent: 4,
  minBackoffMs: 200,
  maxBackoffMs: 60_000,
  maxDoublings: 8,
};
/** Turns of the event loop without a handler at work until a queue counts as quiet. */
const QUIET_TURNS = 12;
const DEADLINE_MS = 5 * 60 * 1000;

export type World = ReturnType<typeof createWorld>;

export function createWorld(
  t: TestContext,
  {
    seed = 1,
    random = chance(seed).random,
    unkind,
    maxAttempts = 100,
    slow = {},
    store: given,
    clock = { now: NOW },
    post = createPoster({ local: true }),
  }: {
    seed?: number;
    random?: () => number;
    unkind?: EmbeddedQueueOptions['unkind'];
    maxAttempts?: number;
    /** how many tasks a second some queues hand out, one at a time; the others any number */
    slow?: Partial<Record<QueueName, number>>;
    /** another store, which its creator closes */
    store?: Store;
    /** which such a store goes by, too */
    clock?: { now: number };
    post?: Poster;
  } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'volley-pipeline-'));
  const now = () => clock.now;
  const logged: Record<string, unknown[]> = {};
  const log = new Proxy({} as Log, {
    get: (_, name: string) => (it: unknown) => {
      logged[name] ??= [];
      logged[name].push(it);
    },
  });
  const store: Store = given ?? createSqliteStore({ path: join(folder, 'store.db'), now });
  const queuePath = join(folder, 'queue.db');
  const queue = createEmbeddedQueue({
    path: queuePath,
    log,
    now,
    random,
    ...(unkind && { unkind }),
    limits: Object.fromEntries(
      queueNames.map((name) => {
        const perSecond = slow[name] ?? limits.perSecond;
        return [name, { ...limits, perSecond, maxAttempts }];
      }),
    ) as EmbeddedQueueOptions['limits'],
  });
  const waiting = new DatabaseSync(queuePath, { readOnly: true });
  const nextTime = waiting.prepare(`SELECT min(at) AS at FROM tasks WHERE state = 'queued'`);
  const script = createScript(now);
  const ports: Ports = {
    store,
    queue,
    log,
    now,
    random,
    // tests count chunks of a round number
    chunkSize: 1_000,
    events: { publish: (event) => events.publish(event) },
    senders: { apps: () => [], get: () => script.sender },
  };
  const through: Pick<Queue, 'create'> = { create: (tasks) => ports.queue.create(tasks) };
  const events = createEmbeddedEvents(through);
  /** all events, and those of campaigns that closed */
  const told: CampaignEvent[] = [];
  const announced: CampaignEvent[] = [];
  events.subscribe(async (event) => {
    told.push(event);
    if (closedIn(event)) announced.push(event);
  });

  const atWork = { begun: 0, now: 0 };
  events.subscribe(createFanOut(ports));
  const { deliver } = createDeliver(ports, post);
  const handle = createTaskHandler(ports, events.deliver, deliver);
  queue.start(async (delivery) => {
    atWork.begun += 1;
    atWork.now += 1;
    try {
      return await handle(delivery);
    } finally {
      atWork.now -= 1;
    }
  });
  t.after(async () => {
    await queue.stop();
    queue.close();
    waiting.close();
    if (!given) await store.close();
    rmSync(folder, { recursive: true });
  });

  /** Until everything that is due now is done. */
  async function settle() {
    await queue.create([]);
    const deadline = performance.now() + DEADLINE_MS;
    for (let quiet = 0, begun = atWork.begun; quiet < QUIET_TURNS; quiet++) {
      assert.ok(performance.now() < deadline, 'the queue does not come to rest');
      await new Promise((resolve) => setImmediate(resolve));
      if (atWork.now > 0 || atWork.begun !== begun) quiet = 0;
      begun = atWork.begun;
    }
  }

  /** Lets time pass from task to task, until none is left, or until then. */
  async function run(until = clock.now + 40 * DAY) {
    for (;;) {
      await settle();
      const next = nextTime.get()?.at as number | null;
      if (next === null || next > until || clock.now >= until) break;
      // a queue that was told to slow down may hold a task that is due
      clock.now = next > clock.now ? next : Math.min(clock.now + 100, until);
    }
  }

  /** Accepts a campaign to everybody; returns its id. */
  async function campaign(rest: Partial<CampaignRequest> = {}) {
    const accepted = await accept(
      ports,
      {
        name: 'Autumn',
        app: 'default',
        audience: {},
        dryRun: false,
        message: { title: 'Hallo', ttlSeconds: 28 * 24 * 3600, priority: 'high' },
        ...rest,
      },
      null,
    );
    assert.equal(accepted.kind, 'accepted');
    return 'campaign' in accepted ? accepted.campaign.id : '';
  }

  return {
    ports,
    store,
    queue,
    clock,
    logged,
    told,
    announced,
    script,
    settle,
    run,
    campaign,

    /** So many people, `android` unless said otherwise. */
    async people(count: number, rest: (n: number) => Partial<Registration> = () => ({})) {
      const all = Array.from({ length: count }, (_, n) => person(`device-${n}`, rest(n)));
      await store.putInstallations(all);
      return all;
    },

    /** Accepts a campaign to everybody, and lets time pass until no task is left; returns its id. */
    async send(rest?: Partial<CampaignRequest>) {
      const id = await campaign(rest);
      await run();
      return id;
    },

    /** Resumes a campaign, and lets time pass until no task is left. */
    async resume(id: string) {
      assert.equal((await resume(ports, id)).kind, 'ok');
      await run();
    },

    stateOf: async (id: string) => (await store.getCampaign(id))?.state,

    /** The campaign is closed, every recipient is in one place, and the world was told. */
    async closed(id: string) {
      const campaign = (await store.getCampaign(id))!;
      const counts = await store.counts(id);
      const state = `${campaign.state} ${JSON.stringify(counts)}`;
      assert.ok(campaign.closedAt !== null, `the campaign is open: ${state}`);
      assert.ok(ledgerCloses(counts), `the ledger does not close: ${state}`);
      const failures = await allFailures(store, id);
      assert.equal(failures.length, counts.failed, 'every failure is on record');
      const failed = new Set(failures.map((it) => it.installationId));
      assert.equal(failed.size, failures.length, 'no recipient failed twice');
      const ids = new Set(announced.filter((it) => it.subject === id).map((it) => it.id));
      assert.equal(ids.size, 1, 'the event is out');
      assert.deepEqual(await store.unpublished(id), []);
      assert.deepEqual(logged.unexpected ?? [], []);
      const { accepted, skipped, recipients } = counts;
      return { campaign, failures, recipients, accepted, skipped, counts };
    },
  };
}

/** Time passes as it does with a ticker that comes once a minute. */
export async function ticking(world: World, until: number, every = 5 * MINUTE) {
  while (world.clock.now < until) {
    await sweep(world.ports);
    await world.run(Math.min(until, world.clock.now + every));
    world.clock.now = Math.min(until, Math.max(world.clock.now, world.clock.now + every));
  }
  await sweep(world.ports);
  await world.settle();
}

/** Each of these was pushed to once, and no other installation at all. */
export function eachOnce(world: World, people: { id: string }[]) {
  const sent = world.script.sent.map((it) => it.installationId).toSorted();
  assert.deepEqual(sent, people.map((it) => it.id).toSorted());
}

/** Keeps the send tasks away from the queue, so that a test delivers them itself. */
export async function frozen(world: World) {
  const kept: Task[] = [];
  world.ports.queue = {
    ...world.queue,
    async create(tasks) {
      kept.push(...tasks.filter((it) => it.body.kind === 'send'));
      await world.queue.create(tasks.filter((it) => it.body.kind !== 'send'));
    },
  };
  const id = await world.campaign();
  await world.settle();
  const [first] = kept;
  assert.ok(first?.body.kind === 'send');
  const { body } = first;
  const give = async () => world.queue.create(kept.splice(0));
  return {
    id,
    chunkId: body.chunkId,
    kept,
    give,
    send: (stop = new AbortController().signal) => sendChunk(world.ports, body, stop),
  };
}
