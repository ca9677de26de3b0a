/**
 * A process of its own for the benchmarks and journeys: either fills a data folder with
 * installations, or runs the local server in it, and answers what memory it took.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { type LocalOptions, startLocal } from '../../functions/local/server/server.ts';
import { createLog } from '../../functions/log.ts';
import type { CampaignEvent } from '../../functions/model/event.ts';
import { startDue } from '../../functions/pipeline/schedules/recur.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { sample } from './sample.ts';

export type Job =
  | { kind: 'fill'; path: string; installations: number }
  | ({
      kind: 'serve';
      /** kills itself with SIGKILL just before it publishes an event of this type */
      dieAt?: CampaignEvent['type'];
    } & Omit<LocalOptions, 'log' | 'port' | 'apiKey'>);

export type Asked =
  | { kind: 'memory' }
  /** kill yourself with SIGKILL after that method of the store has written */
  | { kind: 'dieBehind'; verb: keyof Store }
  /** set the clock ahead, for a while */
  | { kind: 'jump'; aheadMs: number; forMs: number }
  /** start the runs of schedules that are due at that time */
  | { kind: 'tick'; at: number }
  /** say when no chunk of that campaign is under way */
  | { kind: 'rest'; campaignId: string };

export type Said =
  | { kind: 'filled'; perSecond: number }
  | { kind: 'serving'; url: string; apiKey: string }
  | { kind: 'armed' }
  | { kind: 'resting' }
  | { kind: 'memory'; peakRssMb: number; cpuSeconds: number };

const BATCH = 5_000;

const say = (said: Said) => process.send!(said);

process.once('message', async (job: Job) => {
  if (job.kind === 'fill') return fill(job.path, job.installations);
  const { url, apiKey, engine } = await startLocal({
    ...job,
    port: 0,
    apiKey: null,
    log: createLog((line) => /"severity":"ERROR"/.test(line) && process.stderr.write(line)),
  });
  const { publish } = engine.events;
  engine.events.publish = async (event) => {
    if (event.type === job.dieAt) process.kill(process.pid, 'SIGKILL');
    return publish(event);
  };
  say({ kind: 'serving', url, apiKey });
  process.on('message', (asked: Asked) => {
    if (asked.kind === 'dieBehind') {
      dieBehind(engine.store, asked.verb);
      return say({ kind: 'armed' });
    }
    if (asked.kind === 'jump') return jump(asked);
    if (asked.kind === 'tick') return void startDue({ ...engine, now: () => asked.at });
    if (asked.kind === 'rest')
      return void rest(engine.store, asked.campaignId).then(() => say({ kind: 'resting' }));
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
    say({ kind: 'memory', peakRssMb: Math.round(maxRSS / 1024), cpuSeconds });
  });
});
process.once('disconnect', () => process.exit(0));

/** Changes only the clock; timers are not affected. */
const clock = Date.now;
let ahead = 0;
Date.now = () => clock() + ahead;

function jump({ aheadMs, forMs }: Extract<Asked, { kind: 'jump' }>) {
  ahead = aheadMs;
  setTimeout(() => {
    ahead = 0;
  }, forMs);
}

async function rest(store: Store, campaignId: string) {
  for (let busy = true; busy; await wait(10)) {
    busy = false;
    for await (const chunks of store.openChunks(campaignId, null))
      if (chunks.some((it) => it.leaseUntil > Date.now())) busy = true;
  }
}

function dieBehind(store: Store, verb: keyof Store) {
  const write = store[verb] as (...args: unknown[]) => Promise<unknown>;
  const dying = async (...args: unknown[]) => {
    await write(...args);
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  };
  Object.assign(store, { [verb]: dying });
}

/** Half of them ios, half android; the same at every call. */
async function fill(path: string, installations: number) {
  const store = createSqliteStore({ path });
  const started = performance.now();
  for (let from = 0; from < installations; from += BATCH) {
    const size = Math.min(BATCH, installations - from);
    await store.putInstallations(Array.from({ length: size }, (_, i) => sample(from + i)));
    await wait(0);
  }
  await store.close();
  const perSecond = Math.round(installations / ((performance.now() - started) / 1000));
  say({ kind: 'filled', perSecond });
}
