/** Volley in a process of its own, bound to core 0; the providers on core 1. */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../functions/cli/client.ts';
import { type Simulated, startSimulated } from '../../functions/local/simulated.ts';
import { forkOn } from '../../functions/local/simulators/fork.ts';
import type { Job, Said } from './worker.ts';

const START_DEADLINE_MS = 60 * 60 * 1000;

export interface World {
  simulated: Simulated;
  client: Client;
  url: string;
  apiKey: string;
  /** peak RSS of the process that sends, and the CPU time it took */
  memory(): Promise<{ peakRssMb: number; cpuSeconds: number }>;
  close(): Promise<void>;
}

export async function createWorld(installations: number): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'volley-bench-'));
  process.stderr.write(`filling ${installations.toLocaleString('en-US')} installations\n`);
  const filler = start({ kind: 'fill', path: join(folder, 'store.db'), installations });
  const filled = await said(filler, 'filled');
  filler.disconnect();
  process.stderr.write(`filled at ${filled.perSecond.toLocaleString('en-US')} a second\n`);

  const simulated = await startSimulated({}, availableParallelism() > 1 ? 1 : 0);
  const { apps, ca } = simulated;
  const worker = start({ kind: 'serve', dataDir: folder, apps, ca });
  const { url, apiKey } = await said(worker, 'serving');
  return {
    simulated,
    client: createClient(url, apiKey),
    url,
    apiKey,
    async memory() {
      worker.send('memory');
      return said(worker, 'memory');
    },
    async close() {
      const ended = once(worker, 'exit');
      worker.disconnect();
      await ended;
      await simulated.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function start(job: Job): ChildProcess {
  const child = forkOn(0, new URL('./worker.ts', import.meta.url));
  child.send(job);
  return child;
}

async function said<K extends Said['kind']>(child: ChildProcess, kind: K) {
  const signal = AbortSignal.timeout(START_DEADLINE_MS);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the worker ended early');
  });
  ended.catch(() => {});
  const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Said];
  if (message.kind !== kind) throw new Error(`the worker said ${message.kind}`);
  return message as Extract<Said, { kind: K }>;
}
