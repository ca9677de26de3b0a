/**
 * A campaign on the simulated deployment, in the steps of `functions/pipeline/`: accept, plan, shards, pages,
 * chunks. It does what they do to the store, the queues and the providers, and counts nothing else.
 */

import { USUAL } from '../../../functions/model/cost/estimate.ts';
import type { Provider } from '../../../functions/model/provider/registry.ts';
import { CHUNK_SIZE, QUERY_SIZE, shardsFor } from '../../../functions/model/sizes.ts';
import { SIZE_MS, wakesFor } from '../../../functions/pipeline/wake.ts';
import { chance } from '../../http2/chance.ts';
import type { Deployed } from './deployed.ts';
import { figures } from './figures.ts';
import { createSimulatedQueue } from './queue.ts';
import { createSender, type SendingInstance } from './sender.ts';
import { createService, type Instance } from './service.ts';
import { createVirtualTime } from './time.ts';

export interface Scenario {
  recipients: number;
  provider: Provider;
  /** instances of planners and senders that are there, with open connections; 0: none is */
  warm: number;
  /** the pages of the registry are there; false: the first campaign */
  hasPages: boolean;
  deployed: Deployed;
}

export interface Simulated {
  /** from the acceptance until the first push leaves, and until all have an outcome */
  firstPushSeconds: number;
  seconds: number;
  pushesPerSecond: number;
  /** the most pushes that left in any minute that begins with a push */
  mostInAMinute: number;
  /** instances that were used, and the time they are billed for */
  planners: number;
  senders: number;
  planSeconds: number;
  sendSeconds: number;
}

/** `seed`: of the starts of instances. The same scenario has the same result. */
export async function simulate(scenario: Scenario, seed = 1): Promise<Simulated> {
  const world = createWorld(scenario, seed);
  const { time, planners, senders, minutes } = world;
  await time.run(async () => {
    void wake(world);
    await world.queues.plan.create([() => planners.request((planner) => plan(world, planner))]);
    await world.closed.promise;
  });
  return {
    firstPushSeconds: world.firstPushAt / 1_000,
    seconds: time.now() / 1_000,
    pushesPerSecond: scenario.recipients / (time.now() / 1_000),
    mostInAMinute: minutes.most(),
    planners: planners.started,
    senders: senders.started,
    planSeconds: planners.billedSeconds(),
    sendSeconds: senders.billedSeconds(),
  };
}

type World = ReturnType<typeof createWorld>;

function createWorld(scenario: Scenario, seed: number) {
  const { recipients, provider, warm, hasPages, deployed } = scenario;
  const time = createVirtualTime();
  const random = chance(seed);
  const { queues, services } = deployed;
  const minutes = createMinutes(() => time.now());
  const world = {
    time,
    recipients,
    provider,
    hasPages,
    minutes,
    queues: {
      plan: createSimulatedQueue(time, queues.plan),
      shard: createSimulatedQueue(time, queues.shard),
      send: createSimulatedQueue(time, queues[`send-${provider}`]),
      now: createSimulatedQueue(time, queues[`send-${provider}-now`]),
    },
    planners: createService<Instance>({
      time,
      chance: random,
      size: services.plan!,
      warm: Math.min(warm, services.plan!.instances),
      make: (it) => it,
    }),
    senders: createService<SendingInstance>({
      time,
      chance: random,
      size: services[`send-${provider}`]!,
      warm: Math.min(warm, services[`send-${provider}`]!.instances),
      make: (it) =>
        createSender(time, it, provider, {
          isConnected: warm > 0,
          pushed(count) {
            if (world.firstPushAt < 0) world.firstPushAt = time.now();
            minutes.add(count);
          },
          accepted: () => world.proven.resolve(),
        }),
    }),
    firstPushAt: -1,
    /** a provider has accepted a push of this message */
    proven: Promise.withResolvers<void>(),
    isProven: false,
    /** one process tries the message, the others wait */
    isTried: false,
    left: recipients,
    closed: Promise.withResolvers<void>(),
  };
  void world.proven.promise.then(() => {
    world.isProven = true;
  });
  return world;
}

const { readMs, commitMs, countMs, documentsPerSecond } = figures.firestore;
const transactionMs = readMs + commitMs;
const bytesMs = ({ provider }: World, rows: number) =>
  (rows * figures.rowBytes[provider] * figures.firestore.megabyteMs) / 1_000_000;

/** The size of an audience of all: whether there are pages, then some of them, or a count of a share. */
const sizeMs = ({ hasPages }: World) => readMs + (hasPages ? readMs : 2 * countMs);

/** functions/pipeline/wake.ts */
async function wake(world: World) {
  const { time, recipients, provider, queues, planners, senders } = world;
  await time.sleep(Math.min(SIZE_MS, sizeMs(world)));
  const wakes = (of: Provider | null, task: () => Promise<void>) =>
    Array.from({ length: wakesFor(of, recipients) }, () => task);
  void queues.now.create(wakes(provider, () => senders.request((it) => it.connect())));
  void queues.plan.create(wakes(null, () => planners.request(async () => {})));
}

/** functions/pipeline/plan/plan.ts */
async function plan(world: World, planner: Instance) {
  const { time, recipients, queues, planners } = world;
  await time.sleep(readMs); // the campaign
  await time.sleep(readMs); // whether its app is paused
  await time.sleep(sizeMs(world));
  await time.sleep(transactionMs); // started
  const shards = shardsFor(recipients);
  const sizes = Array.from({ length: shards }, (_, i) => share(recipients, shards, i));
  if (shards === 1) return planShard(world, planner, recipients, QUERY_SIZE);
  await time.sleep(transactionMs); // told
  await time.sleep(readMs); // the open shards
  await queues.shard.create(
    sizes.map((size, index) => () => {
      const first = index === 0 ? QUERY_SIZE : PAGE;
      return planners.request((it) => planShard(world, it, size, first));
    }),
  );
}

const share = (total: number, parts: number, index: number) =>
  Math.floor((total / parts) * (index + 1)) - Math.floor((total / parts) * index);

/** functions/pipeline/plan/shard.ts: one page is read while another is frozen, and a third one queued */
async function planShard(world: World, planner: Instance, size: number, first: number) {
  const { time, hasPages } = world;
  await time.sleep(readMs); // the shard
  await time.sleep(readMs); // the campaign
  if (hasPages) {
    await time.sleep(readMs); // the layout
    // what has changed in its whole cell since, and what is gone
    const cell = Math.max(size, world.recipients / CELLS);
    await time.sleep(2 * readMs + msToRead(cell * CHANGED));
  }
  let rows = Math.min(size, first);
  let next = readPage(world, planner, rows);
  let queueing = Promise.resolve();
  for (let left = size; left > 0; left -= rows) {
    await next;
    rows = left === size ? Math.min(size, first) : Math.min(left, PAGE);
    const after = Math.min(left - rows, PAGE);
    next = after > 0 ? readPage(world, planner, after) : Promise.resolve();
    await freezePage(world, rows);
    await queueing;
    queueing = queueChunks(world, rows);
  }
  await queueing;
  await time.sleep(transactionMs); // planned
}

/** Rows that are frozen together: whole chunks (functions/pipeline/plan/full-pages.ts). */
const PAGE = Math.ceil(QUERY_SIZE / CHUNK_SIZE) * CHUNK_SIZE;
/** The share of installations that changed since the last campaign. */
const CHANGED = USUAL.changed;
/** Parts of a registry, by the first digit of a bucket, whose changes are asked for together. */
const CELLS = 16;
const msToRead = (documents: number) => (documents / documentsPerSecond) * 1_000;

/** A page of the registry, or as many documents; then they are matched. */
async function readPage(world: World, planner: Instance, rows: number) {
  const { time, hasPages } = world;
  await time.sleep(readMs + (hasPages ? bytesMs(world, rows) : msToRead(rows)));
  await planner.compute((rows / figures.cpu.plannedPerSecond) * 1_000);
}

async function freezePage(world: World, rows: number) {
  await world.time.sleep(readMs); // the campaign again
  await world.time.sleep(transactionMs + bytesMs(world, rows));
}

async function queueChunks(world: World, rows: number) {
  const { queues, senders } = world;
  const chunks = Math.ceil(rows / CHUNK_SIZE);
  await queues.send.create(
    Array.from({ length: chunks }, (_, i) => {
      const count = share(rows, chunks, i);
      return () => senders.request((it) => sendChunk(world, it, count));
    }),
  );
}

/** functions/pipeline/send/send.ts, and complete.ts after the last one */
async function sendChunk(world: World, sender: SendingInstance, count: number) {
  const { time } = world;
  await time.sleep(transactionMs + bytesMs(world, count)); // claimed
  await sender.compute(figures.cpu.chunkMs / 2);
  if (!world.isProven) await awaitTurn(world);
  await sender.send(count);
  await sender.compute(figures.cpu.chunkMs / 2);
  await time.sleep(transactionMs); // committed
  world.left -= count;
  if (world.left > 0) return;
  await time.sleep(2 * transactionMs); // the shard closes, then the campaign
  world.closed.resolve();
}

/** functions/pipeline/send/probe.ts */
async function awaitTurn(world: World) {
  await world.time.sleep(transactionMs);
  if (!world.isTried) {
    world.isTried = true;
    return;
  }
  while (!world.isProven) await world.time.sleep(POLL_MS + transactionMs);
}

const POLL_MS = 250;

/** Counts pushes by seconds; `most` is the largest sum of sixty in a row. */
function createMinutes(now: () => number) {
  const seconds: number[] = [];
  return {
    add(count: number) {
      const second = Math.floor(now() / 1_000);
      seconds[second] = (seconds[second] ?? 0) + count;
    },
    most() {
      let sum = 0;
      let most = 0;
      for (let i = 0; i < seconds.length; i++) {
        sum += (seconds[i] ?? 0) - (seconds[i - 60] ?? 0);
        most = Math.max(most, sum);
      }
      return most;
    },
  };
}
