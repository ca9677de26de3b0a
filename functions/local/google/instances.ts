/** The instances of one function. As on Cloud Run, an instance that ends is replaced. */

import { setTimeout as wait } from 'node:timers/promises';
import { type Fn, type FunctionOptions, startFunction, type Target } from './function.ts';

interface InstancesOptions {
  target: Target;
  /** the constant number of instances */
  count: number;
  env: Record<string, string>;
  /** file or folder to run; default: functions/index.ts */
  entry?: string;
  /** modules that are loaded first */
  preload?: string[];
  /** gets what an instance prints */
  output(target: string, text: string): void;
}

export interface Instances {
  /** ports of the instances that answer now */
  ports(): readonly number[];
  pids(): number[];
  /** Ends all instances with the signal and starts others. Resolves when the old ones have ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts one more instance, which is not replaced when it ends. */
  add(options?: FunctionOptions): Promise<Fn>;
  stop(): Promise<void>;
}

/** ms from SIGTERM to SIGKILL, as on Cloud Run. */
const STOP_MS = 10_000;
/** ms between tries to start an instance, so that a broken one does not use up the CPU. */
const AGAIN_MS = 500;

/** Throws `Unavailable` with an instance's output if the first instances do not start. */
export async function startInstances(options: InstancesOptions): Promise<Instances> {
  const { target, count, env, entry, preload = [], output } = options;
  const all = new Set<Fn>();
  let stopping = false;

  async function add(more: FunctionOptions = {}): Promise<Fn> {
    const onOutput = (text: string) => output(target, text);
    const own = entry === undefined ? {} : { entry };
    const instance = await startFunction(target, env, { onOutput, preload, ...own, ...more });
    all.add(instance);
    instance.child.once('exit', () => all.delete(instance));
    if (stopping) await instance.end('SIGKILL');
    return instance;
  }

  async function start(): Promise<void> {
    const { child } = await add();
    const follow = () => {
      if (!stopping) restart();
    };
    if (child.exitCode !== null || child.signalCode !== null) follow();
    else child.once('exit', follow);
  }

  /** Replaces an instance that ended, as Cloud Run does while there are requests. */
  function restart() {
    start().catch(async (error: Error) => {
      if (stopping) return;
      output(target, `${error.message}\n`);
      await wait(AGAIN_MS);
      if (!stopping) restart();
    });
  }

  const end = async (signal: NodeJS.Signals) => {
    await Promise.all(
      [...all].map(async (instance) => {
        const late = setTimeout(() => instance.child.kill('SIGKILL'), STOP_MS);
        await instance.end(signal);
        clearTimeout(late);
      }),
    );
  };

  const starts = await Promise.allSettled(Array.from({ length: count }, start));
  const failed = starts.find((it) => it.status === 'rejected');
  if (failed) {
    stopping = true;
    await end('SIGKILL');
    throw failed.reason;
  }
  return {
    ports: () => [...all].map(({ url }) => Number(new URL(url).port)),
    pids: () => [...all].flatMap((it) => it.child.pid ?? []),
    kill: end,
    add,
    async stop() {
      stopping = true;
      await end('SIGTERM');
    },
  };
}
