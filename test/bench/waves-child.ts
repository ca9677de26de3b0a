/**
 * The process that `waves` measures: the embedded engine, whose clock is set from wave to wave, and real
 * senders, which go by the true time as the simulated providers do.
 */

import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createEmbedded, type Embedded } from '../../functions/engines/embedded.ts';
import { type Simulated, startSimulated } from '../../functions/local/simulated.ts';
import { createLog } from '../../functions/log.ts';
import type { Campaign } from '../../functions/model/campaign.ts';
import { campaignRequestSchema } from '../../functions/model/schemas/campaign.ts';
import { localOf } from '../../functions/model/waves.ts';
import { accept } from '../../functions/pipeline/accept/accept.ts';
import { plan } from '../../functions/pipeline/plan/plan.ts';
import { planShard } from '../../functions/pipeline/plan/shard.ts';
import type { Senders } from '../../functions/ports/ports.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { forkSimulator } from '../../functions/simulators/fork.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { sample } from '../world/sample.ts';
import { providersOf } from '../world/world.ts';

export interface WavesMeasured {
  /** without the last one, of devices that change their zone meanwhile */
  waves: number;
  recipients: number;
  /** no push of a wave came before its time, or after a later wave */
  sentInOrder: boolean;
  /** by the providers' own count: pushes beyond the first of a device, and accepted ones that never came */
  duplicates: number;
  lost: number;
  /** CPU time of planning beside that of a campaign without waves */
  planningRatio: number;
  /** the same, with the copy in the order of zones that the first waves of an app need */
  firstPlanningRatio: number;
  /** CPU seconds of planning without waves */
  planningSeconds: number;
}

export type Said = { progress: string } | { measured: WavesMeasured };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const BATCH = 5_000;
const DEADLINE_MS = 10 * MINUTE;
/** How often the waves and the campaign without them are planned, in turns; after one round to warm up. */
const ROUNDS = 2;

/** UTC+14:00 to UTC-09:00, by the names of POSIX, whose signs are the other way round. */
const zones = Array.from({ length: 24 }, (_, i) => {
  const west = i - 14;
  return west === 0 ? 'Etc/UTC' : `Etc/GMT${west > 0 ? '+' : ''}${west}`;
});

const say = (said: Said) => process.send!(said);
const progress = (text: string) => say({ progress: text });

/** The engine's clock: it runs, from where it was last set. */
let set = { at: Date.now(), by: performance.now() };
const now = () => Math.floor(set.at + performance.now() - set.by);
const setClock = (at: number) => {
  set = { at, by: performance.now() };
};

process.once('message', async ({ recipients }: { recipients: number }) => {
  const folders = await Promise.all(
    ['sent', 'planned'].map((it) => mkdtemp(join(tmpdir(), `volley-waves-${it}-`))),
  );
  const [sentIn, plannedIn] = folders as [string, string];
  const simulated = await startSimulated({}, (it) =>
    forkSimulator({ ...it, ...(availableParallelism() > 1 && { cpu: 1 }) }),
  );
  const senders = createSenders(simulated.apps, { ca: simulated.ca, log });
  try {
    await fill(join(sentIn, 'store.db'), recipients);
    await copyFile(join(sentIn, 'store.db'), join(plannedIn, 'store.db'));
    const planning = await measurePlanning(plannedIn, senders);
    const sent = await send(sentIn, { senders, simulated, recipients });
    say({ measured: { ...sent, ...planning } });
  } finally {
    await senders.close();
    await simulated.close();
    await Promise.all(folders.map((it) => rm(it, { recursive: true, force: true })));
  }
});
process.once('disconnect', () => process.exit(0));

async function fill(path: string, installations: number) {
  progress(`filling ${installations.toLocaleString('en-US')} installations`);
  const store = createSqliteStore({ path });
  for (let from = 0; from < installations; from += BATCH) {
    const size = Math.min(BATCH, installations - from);
    const batch = Array.from({ length: size }, (_, i) => ({
      ...sample(from + i),
      // in every zone both platforms
      timeZone: zones[Math.floor((from + i) / 2) % zones.length],
    }));
    await store.putInstallations(batch);
    await wait(0);
  }
  await store.close();
}

const log = createLog((line) => /"severity":"ERROR"/.test(line) && process.stderr.write(line));

interface Sending {
  senders: Senders;
  simulated: Simulated;
  recipients: number;
}

async function send(dataDir: string, { senders, ...rest }: Sending) {
  const engine = createEmbedded({ dataDir, senders, log, now });
  engine.start();
  try {
    return await goRound(engine, rest);
  } finally {
    await engine.stop();
  }
}

/** Accepts a campaign, and sets the clock from wave to wave. */
async function goRound(engine: Embedded, { simulated, recipients }: Omit<Sending, 'senders'>) {
  const { wire } = providersOf(simulated);
  const accepted = async () => (await wire()).accepted;
  const { store } = engine;
  const go = async (at: number) => {
    setClock(at);
    await engine.queue.create([]);
  };
  const begin = Math.ceil(now() / MINUTE) * MINUTE + 5 * MINUTE;
  const { id } = await accepting(engine, begin);
  await go(begin);
  await until('it begins', async () => (await store.getCampaign(id))?.waves !== undefined);
  const { waves = [] } = (await store.getCampaign(id))!;
  let before = 0;
  let isInOrder = true;
  const world = waves.slice(0, -1);
  for (const [index, { at }] of world.entries()) {
    const ofWave = async () =>
      (await store.listShards(id)).filter((it) => it.wave!.index === index);
    if (index > 0) await go(at - MINUTE);
    await until('a wave is planned', async () => (await ofWave()).every((it) => it.planned));
    if (index > 0) {
      await go(at - 5 * SECOND);
      await wait(200);
      isInOrder &&= (await accepted()) === before;
    }
    await go(at);
    const shards = await ofWave();
    const after = before + shards.reduce((sum, it) => sum + it.counts.recipients, 0);
    await until('a wave is sent', async () => (await accepted()) >= after);
    isInOrder &&= (await accepted()) === after && after > before;
    before = after;
    progress(`wave ${index + 1} of ${world.length}: ${before.toLocaleString('en-US')} sent`);
  }
  // the last shard looks once a minute whether all others are planned
  await go(waves.at(-1)!.at + 2 * MINUTE);
  await until('it closes', async () => (await store.getCampaign(id))?.closedAt !== null);
  const counts = await store.counts(id);
  const { distinct, duplicates } = await wire();
  if (counts.recipients !== recipients || counts.accepted !== recipients) isInOrder = false;
  return {
    waves: world.length,
    recipients: counts.recipients,
    sentInOrder: isInOrder,
    duplicates,
    lost: counts.accepted - distinct,
  };
}

/** A campaign, to all together or with a local time that a clock shows first at `begin`. */
async function accepting(
  ports: Parameters<typeof accept>[0],
  begin: number | null,
): Promise<Campaign> {
  const made = await accept(
    ports,
    campaignRequestSchema.parse({
      name: 'waves',
      audience: { everybody: true },
      message: { title: 'Good morning', body: 'The news of your part of the world.' },
      ...(begin !== null && { schedule: { local: localOf(begin + 14 * HOUR) } }),
    }),
    null,
  );
  if (!('campaign' in made)) throw new Error(`it was not accepted: ${JSON.stringify(made)}`);
  return made.campaign;
}

async function until(what: string, condition: () => Promise<boolean>) {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`);
    await wait(20);
  }
}

/** Plans campaigns with waves and without them in turns, and sends none of them. */
async function measurePlanning(dataDir: string, senders: Senders) {
  const engine = createEmbedded({ dataDir, senders, log, now });
  try {
    // warms up; and makes the copy of the registry that waves are read from
    const [, first] = [await planned(engine, false), await planned(engine, true)];
    const cpu = { plain: 0, inWaves: 0 };
    for (let round = 0; round < ROUNDS; round++)
      for (const isInWaves of round % 2 === 0 ? [false, true] : [true, false])
        cpu[isInWaves ? 'inWaves' : 'plain'] += await planned(engine, isInWaves);
    const plain = cpu.plain / ROUNDS;
    return {
      planningRatio: round(cpu.inWaves / cpu.plain),
      firstPlanningRatio: round(first / plain),
      planningSeconds: round(plain),
    };
  } finally {
    await engine.stop();
  }
}

const round = (n: number) => Math.round(n * 1_000) / 1_000;

/** Plans a campaign, one shard after the other. Gives the CPU seconds that it took. */
async function planned(engine: Embedded, isInWaves: boolean): Promise<number> {
  const { signal } = new AbortController();
  const { store } = engine;
  const begin = Math.ceil(now() / MINUTE) * MINUTE + MINUTE;
  const { id } = await accepting(engine, isInWaves ? begin : null);
  setClock(begin);
  const started = process.cpuUsage();
  await plan(engine, id, signal);
  for (let open = await store.openShards(id); open.length > 0; open = await store.openShards(id))
    for (const { index, wave } of open.toSorted((a, b) => a.index - b.index)) {
      if (wave) setClock(Math.max(now(), wave.at - MINUTE));
      await planShard(engine, id, index, signal);
    }
  const { user, system } = process.cpuUsage(started);
  progress(`planned ${isInWaves ? 'in waves' : 'at once'}: ${(user + system) / 1e6} s of CPU`);
  return (user + system) / 1e6;
}
