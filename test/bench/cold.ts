/**
 * Cold starts: from the start of a function's process to its first answers, beside what the Google
 * clients it needs take to import and what an empty function takes on the same framework.
 */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, hostVariable, startEmulator } from '../../functions/local/emulators.ts';
import { startFunction, type Target } from '../../functions/local/google/function.ts';
import { createGoogleWorld, faulty, type GoogleWorld } from '../world/google.ts';

/** What each function cannot do its first work without. */
const clients: Record<Target, string[]> = {
  api: ['@google-cloud/firestore'],
  plan: ['@google-cloud/firestore', 'google-auth-library'],
  sendApns: ['@google-cloud/firestore', 'google-auth-library'],
  sendFcm: ['@google-cloud/firestore', 'google-auth-library'],
  deliver: ['google-auth-library'],
  tick: ['@google-cloud/firestore', 'google-auth-library'],
};

/** The first work: it needs the store or the check of a token, and finds nothing to do. */
const firstWork: Record<Target, (world: GoogleWorld) => Promise<Response>> = {
  api: ({ urls }) =>
    fetch(`${urls.api}v1/campaigns`, { headers: { Authorization: 'Bearer volley_nobody' } }),
  plan: (world) => world.post('plan', { kind: 'plan', campaignId: 'none' }),
  sendApns: (world) =>
    world.post('sendApns', { kind: 'send', chunkId: 'none', provider: 'apns', size: 1 }),
  sendFcm: (world) =>
    world.post('sendFcm', { kind: 'send', chunkId: 'none', provider: 'fcm', size: 1 }),
  deliver: (world) => world.post('deliver', {}),
  tick: (world) => world.post('tick', {}),
};
const targets = Object.keys(clients) as Target[];

interface Start {
  healthMs: number;
  workMs: number;
  rssMb: number;
}

export interface ColdOptions {
  rounds: number;
  /** a folder or file to start instead of functions/index.ts */
  source?: string;
  /** NODE_COMPILE_CACHE, filled by a round that does not count */
  cache: boolean;
}

export async function cold({ rounds, source, cache }: ColdOptions) {
  const emulators: Emulator[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'volley-cold-'));
  try {
    for (const name of ['firestore', 'pubsub'] as const) {
      if (process.env[hostVariable[name]]) continue;
      const emulator = await startEmulator(name);
      emulators.push(emulator);
      process.env[hostVariable[name]] = emulator.host;
    }
    const env: Record<string, string> = cache ? { NODE_COMPILE_CACHE: join(folder, 'cache') } : {};
    const empty = join(folder, 'index.mjs');
    const framework = import.meta.resolve('@google-cloud/functions-framework');
    await writeFile(
      empty,
      `import { http } from '${framework}'; http('plan', (_, res) => res.sendStatus(200));`,
    );
    const world = await createGoogleWorld();
    try {
      return await measure(world, rounds, env, empty, source);
    } finally {
      await world.close();
    }
  } finally {
    await Promise.all(emulators.map((it) => it.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  world: GoogleWorld,
  rounds: number,
  env: Record<string, string>,
  empty: string,
  source: string | undefined,
) {
  const starts = new Map<Target, Start[]>(targets.map((it) => [it, []]));
  const emptyMs: number[] = [];
  const clientsMs = new Map<string, number[]>();
  // the first one fills the caches: the disk's, and the compile cache
  for (let round = 0; round <= rounds; round++) {
    const counts = round > 0;
    for (const target of targets) {
      const begun = await start(world, target, env, source);
      if (counts) starts.get(target)!.push(begun);
      const key = clients[target].join(' ');
      const ms = importMs(clients[target], env);
      if (counts) clientsMs.set(key, [...(clientsMs.get(key) ?? []), ms]);
    }
    const begun = performance.now();
    const fn = await startFunction('plan', { ...world.env('plan'), ...env }, { entry: empty });
    await (await fetch(fn.url)).text();
    if (counts) emptyMs.push(performance.now() - begun);
    await fn.end('SIGKILL');
  }
  const baseMs = median(emptyMs);
  return targets.map((target) => {
    const of = (key: keyof Start) => median(starts.get(target)!.map((it) => it[key]));
    const googleMs = median(clientsMs.get(clients[target].join(' '))!);
    const ownMs = of('workMs') - baseMs;
    return {
      function: target,
      healthMs: Math.round(of('healthMs')),
      workMs: Math.round(of('workMs')),
      emptyMs: Math.round(baseMs),
      googleMs: Math.round(googleMs),
      // what is not the platform's, over what the clients alone take
      ratio: Math.round((ownMs / googleMs) * 100) / 100,
      rssMb: Math.round(of('rssMb')),
    };
  });
}

async function start(
  world: GoogleWorld,
  target: Target,
  env: Record<string, string>,
  entry: string | undefined,
): Promise<Start> {
  const begun = performance.now();
  const fn = await world.start(target, {
    env,
    preload: [faulty],
    ...(entry && { entry }),
  });
  try {
    await (await fetch(`${world.urls[target]}health`)).text();
    const healthMs = performance.now() - begun;
    const response = await firstWork[target](world);
    await response.text();
    if (response.status >= 500) throw new Error(`${target} answered ${response.status}`);
    const workMs = performance.now() - begun;
    fn.child.send('memory');
    const [{ rss }] = await once(fn.child, 'message');
    return { healthMs, workMs, rssMb: rss / 1e6 };
  } finally {
    await fn.end('SIGTERM');
  }
}

/** Of the imports alone, in a process of their own. */
function importMs(names: string[], env: Record<string, string>): number {
  const imports = names.map((it) => `await import('${import.meta.resolve(it)}');`).join('');
  const code = `const t = performance.now();${imports}process.stdout.write(String(performance.now() - t));`;
  const { PATH } = process.env;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { PATH, ...env },
    encoding: 'utf8',
  });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return Number(ran.stdout);
}

const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!;
