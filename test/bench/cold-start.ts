/**
 * How long a function takes from the start of its process to its first answer, and what it holds
 * then: as `npm run build` emits it, started as the platform does.
 *
 *   node test/bench/cold-start.ts [FOLDER …]     (dist)
 *
 * Each folder holds an index.js and, in node_modules, what it needs. All of them take turns.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Emulator, hostVariable, startEmulator } from '../../functions/local/emulators.ts';
import type { Target } from '../world/function.ts';
import { createGoogleWorld, type GoogleWorld } from '../world/google.ts';

const ROUNDS = 7;
const DEADLINE_MS = 60_000;

/** What needs the store, the senders or the check of a token: work, but of nothing. */
const work: Record<Target, { path?: string; body?: unknown }> = {
  api: { path: 'v1/campaigns/none' },
  plan: { body: { kind: 'plan', campaignId: 'none' } },
  sendApns: { body: { kind: 'send', chunkId: 'none', provider: 'apns', size: 1 } },
  sendFcm: { body: { kind: 'send', chunkId: 'none', provider: 'fcm', size: 1 } },
  deliver: { body: {} },
  tick: { body: {} },
};

interface Start {
  healthMs: number;
  workMs: number;
  /** on a machine that has other things to do, the number to compare */
  cpuMs: number;
  mb: number;
}

async function start(world: GoogleWorld, target: Target, folder: string): Promise<Start> {
  const main = join(folder, 'node_modules/@google-cloud/functions-framework/build/src/main.js');
  const preload = new URL('../world/loopback.ts', import.meta.url).href;
  const { path = '', body } = work[target];
  const token = () => world.oidc.token(world.urls[target], world.invoker);
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', preload, main, `--source=${folder}`, '--port=0'],
    {
      env: {
        ...world.env(target),
        FUNCTION_TARGET: target,
        PATH: process.env.PATH,
        // nobody is there to ask, and asking takes time
        METADATA_SERVER_DETECTION: 'none',
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const ended = once(child, 'exit');
  try {
    const first = once(child, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) });
    const [{ port }] = await Promise.race([
      first,
      ended.then(() => Promise.reject(new Error(`${target} ended`))),
    ]);
    const url = `http://127.0.0.1:${port}/`;
    await (await fetch(`${url}health`)).text();
    const healthMs = performance.now() - begun;
    const response = await fetch(url + path, {
      method: body ? 'POST' : 'GET',
      headers: { Authorization: `Bearer ${target === 'api' ? 'volley_x' : token()}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    await response.text();
    if (response.status >= 500) throw new Error(`${target} answered ${response.status}`);
    const workMs = performance.now() - begun;
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    const mb = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
    // in ticks of 10 ms, user and system, behind the name in brackets
    const stat = (await readFile(`/proc/${child.pid}/stat`, 'utf8'))
      .replace(/^.*\) /, '')
      .split(' ');
    return { healthMs, workMs, cpuMs: (Number(stat[11]) + Number(stat[12])) * 10, mb };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!;

async function main(folders: string[]) {
  const emulators: Emulator[] = [];
  for (const name of ['firestore', 'pubsub'] as const) {
    const emulator = await startEmulator(name);
    emulators.push(emulator);
    process.env[hostVariable[name]] = emulator.host;
  }
  const world = await createGoogleWorld();
  try {
    console.log(
      'folder, function: ms to /health, ms to the first work done, ms of CPU, MB (medians)',
    );
    for (const target of Object.keys(work) as Target[]) {
      const starts: Start[][] = folders.map(() => []);
      for (let round = 0; round <= ROUNDS; round++)
        for (const [i, folder] of folders.entries()) {
          const it = await start(world, target, resolve(folder));
          // the first reads the files from the disk
          if (round > 0) starts[i]!.push(it);
        }
      for (const [i, folder] of folders.entries()) {
        const of = (key: keyof Start) => median(starts[i]!.map((it) => it[key])).toFixed(0);
        console.log(
          `${folder}, ${target}: ${of('healthMs')} ${of('workMs')} ${of('cpuMs')} ${of('mb')}`,
        );
      }
    }
  } finally {
    await world.close();
    for (const emulator of emulators) await emulator.stop();
  }
}

await main(process.argv.length > 2 ? process.argv.slice(2) : ['dist']);
