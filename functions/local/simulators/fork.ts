import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { makeCertificate } from '../certificate.ts';
import type { Simulator, SimulatorOptions } from '../simulator.ts';

/** What the child is asked over IPC; it answers with the same id. */
export interface Call {
  id: number;
  method: keyof Omit<Simulator, 'origin' | 'ca'>;
  args: unknown[];
}
export type Reply = { id: number; result: unknown } | { id: number; error: string };
export type Hello = { origin: string } | { failed: string };

/** It loads a few modules and listens. */
const START_TIMEOUT = 20_000;
const CALL_TIMEOUT = 20_000;

/**
 * A simulator in a process of its own, so that it takes no time from the event loop that is being
 * tested or measured; on the core `cpu`, where the machine has `taskset`. It ends with its parent.
 */
export async function forkSimulator(
  options: SimulatorOptions & { cpu?: number },
): Promise<Simulator> {
  const certificate = options.certificate ?? (await makeCertificate());
  const child = forkOn(options.cpu, new URL('./child.ts', import.meta.url));
  child.send({ ...options, certificate });
  const hello = await greeting(child);

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

  function ask<T>(method: Call['method'], ...args: unknown[]): Promise<T> {
    if (!child.connected) return Promise.reject(new Error('the simulator has ended'));
    const call = Promise.withResolvers<unknown>();
    const id = ++calls;
    pending.set(id, call);
    child.send({ id, method, args } satisfies Call);
    const timer = setTimeout(() => {
      pending.delete(id);
      call.reject(new Error(`the simulator did not answer ${method}`));
    }, CALL_TIMEOUT);
    return call.promise.finally(() => clearTimeout(timer)) as Promise<T>;
  }

  return {
    origin: hello.origin,
    ca: certificate.cert,
    set: (settings) => ask('set', settings),
    stats: () => ask('stats'),
    countOf: (token) => ask('countOf', token),
    lastAccepted: () => ask('lastAccepted'),
    reset: () => ask('reset'),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Under `taskset`, which becomes the child itself: the IPC channel and the pid stay the same. */
export function forkOn(cpu: number | undefined, module: URL, flags: string[] = []): ChildProcess {
  const pinned = cpu !== undefined && canPin(cpu);
  return fork(module, {
    // not the flags of the parent: --eval and --input-type are nothing for a module
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

async function greeting(child: ChildProcess): Promise<{ origin: string }> {
  const exited = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the simulator ended before it listened (${code ?? signal})`);
  });
  // when the greeting comes first, a later exit is no error of this promise
  exited.catch(() => {});
  try {
    const [hello] = (await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(START_TIMEOUT) }),
      exited,
    ])) as [Hello];
    if ('failed' in hello) throw new Error(`the simulator did not start: ${hello.failed}`);
    return hello;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
