/** The instances of one function. As on Cloud Run, one that ends is followed by another. */

import { setTimeout as wait } from 'node:timers/promises';
import { type Fn, type FunctionOptions, startFunction, type Target } from './function.ts';

export interface InstancesOptions {
  target: Target;
  /** how many, always */
  count: number;
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
  /** One more, which nobody follows when it ends. */
  add(options?: FunctionOptions): Promise<Fn>;
  stop(): Promise<void>;
}

/** What Cloud Run gives an instance after SIGTERM. */
const STOP_MS = 10_000;
/** An instance that cannot start is tried again, not at once. */
const AGAIN_MS = 500;

/** Throws `Unavailable` with what the instance said when the first ones do not start. */
export async function startInstances(options: InstancesOptions): Promise<Instances> {
  const { target, count, env, output } = options;
  const all = new Set<Fn>();
  let stopping = false;

  async function add(more: FunctionOptions = {}): Promise<Fn> {
    const onOutput = (text: string) => output(target, text);
    const instance = await startFunction(target, env, { onOutput, ...more });
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

  /** As Cloud Run does, for as long as there are requests: which there always may be. */
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
