/**
 * Cold starts: a function's process from its begin to its first answers, beside an empty function on
 * the same framework and beside a script that does nothing but what the Google clients themselves
 * need for the same.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startFunction, type Target } from '../../functions/local/google/function.ts';
import { type CloudWorld, createCloudWorld, faulty, noInstances } from '../world/cloud.ts';

const resolved = (name: string) => JSON.stringify(import.meta.resolve(name));

/** What a function cannot do its first work without: the imports, then the first call of it. */
const firestore = {
  load: `const { Firestore } = await import(${resolved('@google-cloud/firestore')});`,
  call: `await new Firestore({ projectId: process.env.GOOGLE_CLOUD_PROJECT,
    host: process.env.FIRESTORE_EMULATOR_HOST, ssl: false }).doc('chunks/none').get();`,
};
const auth = {
  load: `const { OAuth2Client } = await import(${resolved('google-auth-library')});`,
  call: `await new OAuth2Client({ endpoints: {
    oauth2FederatedSignonPemCertsUrl: process.env.VOLLEY_OIDC_CERTS } }).getFederatedSignonCertsAsync();`,
};
const clients: Record<Target, { load: string; call: string }[]> = {
  api: [firestore],
  plan: [auth, firestore],
  sendApns: [auth, firestore],
  sendFcm: [auth, firestore],
  deliver: [auth],
  tick: [auth, firestore],
};

/** The first work: what it needs is all there, and there is nothing to do. */
const firstWork: Record<Target, (world: CloudWorld) => Promise<Response>> = {
  api: ({ cloud }) =>
    fetch(`${cloud.url}/v1/campaigns`, { headers: { Authorization: 'Bearer volley_nobody' } }),
  plan: (world) => world.post('plan', { kind: 'plan', campaignId: 'none' }),
  sendApns: (world) =>
    world.post('sendApns', { kind: 'send', chunkId: 'none', provider: 'apns', size: 1 }),
  sendFcm: (world) =>
    world.post('sendFcm', { kind: 'send', chunkId: 'none', provider: 'fcm', size: 1 }),
  deliver: (world) => world.post('deliver', {}),
  tick: (world) => world.post('tick', {}),
};
const targets = Object.keys(clients) as Target[];

export interface ColdOptions {
  rounds: number;
  /** a file or folder to start instead of functions/index.ts, such as a build */
  source?: string;
  /** NODE_COMPILE_CACHE, filled by a round that does not count */
  cache: boolean;
}

/** Milliseconds of CPU and of the clock, at the first answer and at the end of the first work. */
interface Sample {
  upCpu: number;
  upMs: number;
  workCpu: number;
  workMs: number;
  rssMb: number;
}

export async function cold({ rounds, source, cache }: ColdOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'volley-cold-'));
  try {
    // no tick comes in between
    const world = await createCloudWorld({ instances: noInstances, tickEveryMs: 2 ** 31 - 1 });
    try {
      const env: Record<string, string> = cache
        ? { NODE_COMPILE_CACHE: join(folder, 'cache') }
        : {};
      return await measure(world, { folder, rounds, env, ...(source && { source }) });
    } finally {
      await world.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Setting {
  folder: string;
  rounds: number;
  env: Record<string, string>;
  source?: string;
}

async function measure(world: CloudWorld, { folder, rounds, env, source }: Setting) {
  const empty = join(folder, 'index.mjs');
  const hello = "http('plan', (_, response) => response.sendStatus(200));";
  await writeFile(
    empty,
    `import { http } from ${resolved('@google-cloud/functions-framework')}; ${hello}`,
  );
  const functions = samples();
  const scripts = samples();
  const empties: Sample[] = [];
  // all of them take turns; the first round fills the caches, the disk's too
  for (let round = 0; round <= rounds; round++) {
    const keep = (list: Sample[], it: Sample) => round > 0 && list.push(it);
    for (const target of targets) {
      keep(functions[target], await start(world, target, env, source));
      keep(scripts[target], await script(world, target, env));
    }
    keep(empties, await startEmpty(world, env, empty));
  }
  const idle = medians(empties);
  return targets.map((target) => {
    const ours = medians(functions[target]);
    const google = medians(scripts[target]);
    const ratio = (key: 'upCpu' | 'workCpu') =>
      Math.round(((ours[key] - idle[key]) / google[key]) * 100) / 100;
    return {
      function: target,
      ...ours,
      emptyCpu: idle.upCpu,
      googleUpCpu: google.upCpu,
      googleWorkCpu: google.workCpu,
      // what is neither Node's nor the framework's, over what the clients alone take
      upRatio: ratio('upCpu'),
      workRatio: ratio('workCpu'),
    };
  });
}

const samples = () =>
  Object.fromEntries(targets.map((it) => [it, []])) as unknown as Record<Target, Sample[]>;

function medians(of: Sample[]): Sample {
  const middle = (key: keyof Sample) =>
    Math.round(of.map((it) => it[key]).sort((a, b) => a - b)[Math.floor(of.length / 2)]!);
  return {
    upCpu: middle('upCpu'),
    upMs: middle('upMs'),
    workCpu: middle('workCpu'),
    workMs: middle('workMs'),
    rssMb: middle('rssMb'),
  };
}

async function start(
  world: CloudWorld,
  target: Target,
  env: Record<string, string>,
  entry: string | undefined,
): Promise<Sample> {
  const begun = performance.now();
  const fn = await world.start(target, {
    env,
    preload: [faulty],
    ...(entry && { entry }),
  });
  try {
    await (await fetch(`${world.cloud.urlOf(target)}/health`)).text();
    const upMs = performance.now() - begun;
    const { cpuMs: upCpu } = await fn.usage();
    const working = performance.now();
    const response = await firstWork[target](world);
    await response.text();
    if (response.status >= 500) throw new Error(`${target} answered ${response.status}`);
    const workMs = upMs + performance.now() - working;
    const { cpuMs: workCpu, rssMb } = await fn.usage();
    return { upCpu, upMs, workCpu, workMs, rssMb };
  } finally {
    await fn.end('SIGTERM');
  }
}

async function startEmpty(
  world: CloudWorld,
  env: Record<string, string>,
  entry: string,
): Promise<Sample> {
  const begun = performance.now();
  const fn = await startFunction(
    'plan',
    { ...world.cloud.env('plan'), ...env },
    { entry, preload: [faulty] },
  );
  try {
    await (await fetch(fn.url)).text();
    const ms = performance.now() - begun;
    const { cpuMs, rssMb } = await fn.usage();
    return { upCpu: cpuMs, upMs: ms, workCpu: cpuMs, workMs: ms, rssMb };
  } finally {
    await fn.end('SIGKILL');
  }
}

/** In a process of its own; from when Node itself is up. */
async function script(
  world: CloudWorld,
  target: Target,
  env: Record<string, string>,
): Promise<Sample> {
  const code = `
    const begun = process.cpuUsage(), at = performance.now();
    const spent = () => {
      const { user, system } = process.cpuUsage(begun);
      return [(user + system) / 1000, performance.now() - at];
    };
    ${clients[target].map((it) => it.load).join('\n')}
    const up = spent();
    ${clients[target].map((it) => it.call).join('\n')}
    console.log(JSON.stringify([...up, ...spent(), process.memoryUsage().rss / 1e6]));
    process.exit();`;
  const { PATH } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', code],
    { env: { PATH, METADATA_SERVER_DETECTION: 'none', ...world.cloud.env(target), ...env } },
  );
  const [upCpu, upMs, workCpu, workMs, rssMb] = JSON.parse(stdout);
  return { upCpu, upMs, workCpu, workMs, rssMb };
}
