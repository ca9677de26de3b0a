/**
 * Runs Volley in its own process, which can be killed, and the providers' simulators in theirs. For
 * journeys and benchmarks: only the providers are simulated.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../functions/cli/client/client.ts';
import { type Simulated, startSimulated } from '../../functions/local/simulated.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { forkOn, forkSimulator } from '../../functions/simulators/fork.ts';
import type { SimulatorSettings } from '../../functions/simulators/simulator.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Asked, Job, Said } from './worker.ts';

/** The flags of an npm script. Without them V8 derives its heap's limits from the machine's memory. */
export const flagsOf = (script: keyof typeof packageJson.scripts) =>
  packageJson.scripts[script].split(' ').filter((word) => word.startsWith('--'));

/** ms for one job of the worker. Writing a million installations takes less. */
const DEADLINE_MS = 15 * 60 * 1000;

export interface WorldOptions {
  installations: number;
  settings?: Partial<SimulatorSettings>;
  unkind?: Extract<Job, { kind: 'serve' }>['unkind'];
  /** proxies whose X-Forwarded-For the worker believes */
  trustedHops?: number;
  /** maps a provider's origin to the one that the worker uses, such as a proxy's */
  via?: (origin: string) => Promise<string>;
  /** the worker on core 0, the providers on core 1 */
  pinned?: boolean;
  progress?: (text: string) => void;
}

export interface Providers {
  /** what both providers counted */
  wire(): Promise<{
    accepted: number;
    distinct: number;
    duplicates: number;
    firstAcceptedAt: number;
  }>;
  set(settings: Partial<SimulatorSettings>): Promise<void>;
  /** Both providers forget what they counted. */
  reset(): Promise<void>;
  /** How often a provider accepted this token. */
  countOf(token: string): Promise<number>;
}

export interface World extends Providers {
  dataDir: string;
  simulated: Simulated;
  /** a client of the worker that runs now */
  client: () => Client;
  url: () => string;
  apiKey: () => string;
  /** kill -9 */
  kill(): Promise<void>;
  /** makes the worker kill itself after that method of its store has written */
  dieBehind(verb: keyof Store): Promise<void>;
  /** sets the worker's clock ahead, and back after a time (ms) */
  jump(aheadMs: number, forMs: number): void;
  /** makes it start the runs of schedules that are due at that time */
  tick(at: number): void;
  /** resolves when no chunk of that campaign is under way */
  rest(campaignId: string): Promise<void>;
  /** resolves when the worker has ended without a signal of ours */
  died(): Promise<void>;
  /** starts a worker; with an argument, one that kills itself at that point */
  start(dieAt?: Extract<Job, { kind: 'serve' }>['dieAt']): Promise<void>;
  /** SIGSTOP, and SIGCONT */
  freeze(): void;
  thaw(): void;
  /** peak RSS of the process that sends, and the CPU time it took */
  memory(): Promise<{ peakRssMb: number; cpuSeconds: number }>;
  close(): Promise<void>;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const { installations, settings = {}, unkind, via, pinned = false, trustedHops = 0 } = options;
  const { progress = () => {} } = options;
  const core = (cpu: number) => (pinned && availableParallelism() > 1 ? cpu : undefined);
  const dataDir = await mkdtemp(join(tmpdir(), 'volley-world-'));
  progress(`filling ${installations.toLocaleString('en-US')} installations`);
  const path = join(dataDir, 'store.db');
  const filler = begin({ kind: 'fill', path, installations }, core(0));
  const filled = await said(filler, 'filled');
  filler.disconnect();
  progress(`filled at ${filled.perSecond.toLocaleString('en-US')} a second`);

  const cpu = core(1);
  const simulated = await startSimulated({ apns: settings, fcm: settings }, (it) =>
    forkSimulator({ ...it, ...(cpu !== undefined && { cpu }) }),
  );
  const { ca } = simulated;
  const apps = via ? await appsVia(simulated.apps, via) : simulated.apps;
  let worker: ChildProcess;
  let serving: { url: string; apiKey: string };
  const start: World['start'] = async (dieAt) => {
    const rest = { ...(unkind && { unkind }), ...(dieAt && { dieAt }), trustedHops };
    worker = begin({ kind: 'serve', dataDir, apps, ca, ...rest }, core(0));
    serving = await said(worker, 'serving');
  };
  const ask = (asked: Asked) => void worker.send(asked);
  const end = async (how: () => void) => {
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    const ended = once(worker, 'exit');
    how();
    await ended;
  };
  await start();
  return {
    dataDir,
    simulated,
    client: () => createClient(serving.url, serving.apiKey),
    url: () => serving.url,
    apiKey: () => serving.apiKey,
    kill: () => end(() => worker.kill('SIGKILL')),
    async dieBehind(verb) {
      ask({ kind: 'dieBehind', verb });
      await said(worker, 'armed');
    },
    jump: (aheadMs, forMs) => ask({ kind: 'jump', aheadMs, forMs }),
    tick: (at) => ask({ kind: 'tick', at }),
    async rest(campaignId) {
      ask({ kind: 'rest', campaignId });
      await said(worker, 'resting');
    },
    died: () => end(() => {}),
    start,
    freeze: () => void worker.kill('SIGSTOP'),
    thaw: () => void worker.kill('SIGCONT'),
    async memory() {
      ask({ kind: 'memory' });
      return said(worker, 'memory');
    },
    ...providersOf(simulated),
    async close() {
      // a frozen process would not read the disconnect
      worker.kill('SIGCONT');
      await end(() => worker.disconnect());
      await simulated.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Combines both providers. */
export function providersOf({ apns, fcm }: Pick<Simulated, 'apns' | 'fcm'>): Providers {
  const both = [apns, fcm];
  return {
    async wire() {
      const stats = await Promise.all(both.map((it) => it.stats()));
      const sum = (of: 'accepted' | 'distinct' | 'duplicates') =>
        stats.reduce((all, it) => all + it[of], 0);
      return {
        accepted: sum('accepted'),
        distinct: sum('distinct'),
        duplicates: sum('duplicates'),
        firstAcceptedAt: Math.min(...stats.map((it) => it.firstAcceptedAt ?? Infinity)),
      };
    },
    async set(changes) {
      await Promise.all(both.map((it) => it.set(changes)));
    },
    async reset() {
      await Promise.all(both.map((it) => it.reset()));
    },
    async countOf(token) {
      const counted = await Promise.all(both.map((it) => it.countOf(token)));
      return counted[0]! + counted[1]!;
    },
  };
}

async function appsVia(
  { default: app }: Simulated['apps'],
  via: (origin: string) => Promise<string>,
): Promise<Simulated['apps']> {
  const { apns, fcm } = app!;
  const origin = await via(apns!.origins.production);
  return {
    default: {
      apns: { ...apns!, origins: { production: origin, sandbox: origin } },
      fcm: { ...fcm!, origin: await via(fcm!.origin) },
    },
  };
}

function begin(job: Job, cpu: number | undefined): ChildProcess {
  const child = forkOn(cpu, new URL('./worker.ts', import.meta.url), flagsOf('start'));
  child.send(job);
  return child;
}

async function said<K extends Said['kind']>(child: ChildProcess, kind: K) {
  const heard = new AbortController();
  const signal = AbortSignal.any([heard.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the worker ended early');
  });
  ended.catch(() => {});
  const message = await Promise.race([once(child, 'message', { signal }), ended])
    .then(([it]) => it as Said)
    // takes the listeners away
    .finally(() => heard.abort());
  if (message.kind !== kind) throw new Error(`the worker said ${message.kind}`);
  return message as Extract<Said, { kind: K }>;
}
