/** The instances of one function: processes of the Functions Framework, as the platform runs them. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Unavailable } from '../../errors.ts';
import { freePort } from '../ports.ts';

export interface InstancesOptions {
  /** FUNCTION_TARGET */
  target: string;
  /** how many */
  count: number;
  /** of the module that registers the functions */
  source: string;
  env: Record<string, string>;
  /** what an instance prints */
  output(target: string, text: string): void;
}

export interface Instances {
  /** of those that answer now */
  ports(): readonly number[];
  pids(): number[];
  /** Ends all of them with the signal; new ones take their place. Resolves when the old ones are gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 60_000;
/** What Cloud Run gives an instance after SIGTERM. */
const STOP_MS = 10_000;
/** An instance that cannot start is tried again, not at once. */
const AGAIN_MS = 500;

/** What `npx functions-framework` runs, beside the package's own entry. */
const framework = join(
  dirname(createRequire(import.meta.url).resolve('@google-cloud/functions-framework')),
  'main.js',
);

interface Instance {
  child: ChildProcess;
  port: number;
  ready: boolean;
}

/** Throws `Unavailable` with what the instance said when the first ones do not start. */
export async function startInstances(options: InstancesOptions): Promise<Instances> {
  const { target, count, source, env, output } = options;
  const all = new Set<Instance>();
  let stopping = false;

  async function start(): Promise<void> {
    const port = await freePort();
    const child = spawn(process.execPath, [framework, `--source=${source}`, `--target=${target}`], {
      env: { ...env, PORT: String(port), FUNCTION_TARGET: target },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const instance: Instance = { child, port, ready: false };
    all.add(instance);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-2000);
        output(target, text);
      });
    const exited = once(child, 'exit');
    exited.then(
      () => {
        const wasReady = instance.ready;
        instance.ready = false;
        all.delete(instance);
        if (wasReady && !stopping) restart();
      },
      () => {},
    );
    const deadline = Date.now() + START_MS;
    while (!(await answers(port))) {
      if (child.exitCode === null && child.signalCode === null && Date.now() < deadline) continue;
      child.kill('SIGKILL');
      throw new Unavailable(`The function ${target} did not start:\n${said.trim()}`);
    }
    instance.ready = true;
  }

  /** As Cloud Run does, for as long as there are requests: which there always may be. */
  function restart() {
    start().catch(async (error: Error) => {
      if (stopping) return;
      output(target, `${error.message}\n`);
      await wait(AGAIN_MS);
      if (!stopping) restart();
    });
  }

  async function end(signal: NodeJS.Signals) {
    await Promise.all(
      [...all].map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill(signal);
        const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        await exited;
        clearTimeout(late);
      }),
    );
  }

  const starts = await Promise.allSettled(Array.from({ length: count }, start));
  const failed = starts.find((it) => it.status === 'rejected');
  if (failed) {
    stopping = true;
    await end('SIGKILL');
    throw failed.reason;
  }
  return {
    ports: () => [...all].filter((it) => it.ready).map((it) => it.port),
    pids: () => [...all].flatMap((it) => it.child.pid ?? []),
    kill: end,
    async stop() {
      stopping = true;
      await end('SIGTERM');
    },
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, {
      signal: AbortSignal.timeout(5000),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    await wait(25);
    return false;
  }
}
