import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { makeCertificate } from './shared/certificate.ts';
import type { Simulator, SimulatorOptions } from './simulator.ts';

/** A call to the child over IPC; the answer has the same id. */
export interface Call {
  id: number;
  method: string;
  args: unknown[];
}
export type Reply = { id: number; result: unknown } | { id: number; error: string };
export type Hello = { hello: unknown } | { failed: string };

/**
 * ms until the child must listen, and until it must answer a call. Both take far less than a second; a
 * machine that is busy, or stands still for half a minute, is no reason to give up.
 */
const ANSWER_MS = 3 * 60_000;

/**
 * Starts a simulator in its own process, so that it takes no time from the event loop under test or
 * measurement. It runs on the core `cpu` if the machine has `taskset`. It ends with its parent.
 */
export async function forkSimulator(
  options: SimulatorOptions & { cpu?: number },
): Promise<Simulator> {
  const certificate = options.certificate ?? (await makeCertificate());
  const { hello, ask, close } = await forkService<Pick<Simulator, 'origin'>>(
    new URL('./child.ts', import.meta.url),
    { ...options, certificate },
    options.cpu,
  );
  return {
    origin: hello.origin,
    ca: certificate.cert,
    set: (settings) => ask('set', settings),
    stats: () => ask('stats'),
    countOf: (token) => ask('countOf', token),
    lastAccepted: () => ask('lastAccepted'),
    arrivals: () => ask('arrivals'),
    reset: () => ask('reset'),
    close,
  };
}

interface ForkedService<H> {
  hello: H;
  ask<T>(method: string, ...args: unknown[]): Promise<T>;
  close(): Promise<void>;
}

/**
 * Runs a module that calls `serveParent` as a process, and passes it `options`. Throws if it does not
 * start in three minutes.
 */
export async function forkService<H>(
  module: URL,
  options: object,
  cpu?: number,
): Promise<ForkedService<H>> {
  const child = forkOn(cpu, module);
  child.send(options);
  const hello = (await greeting(child)) as H;

  let calls = 0;
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', (reply: Reply) => {
    const call = pending.get(reply.id);
    pending.delete(reply.id);
    if ('error' in reply) call?.reject(new Error(reply.error));
    else call?.resolve(reply.result);
  });
  child.once('exit', () => {
    for (const call of pending.values()) call.reject(new Error('the simulator has ended'));
    pending.clear();
  });

  return {
    hello,
    ask<T>(method: string, ...args: unknown[]): Promise<T> {
      if (!child.connected) return Promise.reject(new Error('the simulator has ended'));
      const call = Promise.withResolvers<unknown>();
      const id = ++calls;
      pending.set(id, call);
      child.send({ id, method, args } satisfies Call);
      const timer = setTimeout(() => {
        pending.delete(id);
        call.reject(new Error(`the simulator did not answer ${method}`));
      }, ANSWER_MS);
      return call.promise.finally(() => clearTimeout(timer)) as Promise<T>;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Forks under `taskset` if possible. That program becomes the child: IPC channel and pid stay the same. */
export function forkOn(cpu: number | undefined, module: URL, flags: string[] = []): ChildProcess {
  const pinned = cpu !== undefined && canPin(cpu);
  return fork(module, {
    // without the parent's flags: --eval and --input-type do not work for a module
    execArgv: flags,
    ...(pinned && {
      execPath: 'taskset',
      execArgv: ['-c', String(cpu), process.execPath, ...flags],
    }),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

const canPin = (cpu: number) =>
  spawnSync('taskset', ['-c', String(cpu), 'true'], { stdio: 'ignore' }).status === 0;

async function greeting(child: ChildProcess): Promise<unknown> {
  const exited = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the simulator ended before it listened (${code ?? signal})`);
  });
  // after the greeting a later exit must not become an unhandled rejection
  exited.catch(() => {});
  try {
    const [hello] = (await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) }),
      exited,
    ])) as [Hello];
    if ('failed' in hello) throw new Error(`the simulator did not start: ${hello.failed}`);
    return hello.hello;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
