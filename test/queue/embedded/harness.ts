/** An embedded queue in a folder of its own, in time that passes only when told to. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { queueNames } from '../../../functions/model/queues.ts';
import {
  createEmbeddedQueue,
  type EmbeddedQueue,
  type EmbeddedQueueOptions,
  type QueueLimits,
} from '../../../functions/queue/embedded/queue.ts';
import type { QueueHarness } from '../../contracts/queue.ts';

export const limits = {
  perSecond: 10_000,
  concurrent: 10,
  maxAttempts: 3,
  minBackoffMs: 100,
  maxBackoffMs: 10_000,
  maxDoublings: 4,
} satisfies QueueLimits;

export const everywhere = (it: QueueLimits) =>
  Object.fromEntries(queueNames.map((name) => [name, it])) as EmbeddedQueueOptions['limits'];

/** Chance that is the same in every run: a linear congruential generator (Numerical Recipes). */
export function chance(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Lets the mocked time pass in steps, each with turns for who waits for it, as it really passes. */
export async function pass(t: TestContext, ms: number) {
  const step = Math.max(1, Math.ceil(ms / 100));
  for (let left = ms; left > 0; left -= step) {
    await turn();
    await turn();
    t.mock.timers.tick(Math.min(step, left));
  }
  for (let i = 0; i < 5; i++) await turn();
}

export interface Embedded extends QueueHarness {
  queue: EmbeddedQueue;
  path: string;
  logged: string[];
  /** another queue on the same file, as the next process would open it */
  reopen(): EmbeddedQueue;
  /** the first queue's waits for a lock end immediately: they take real time */
  losePatience(): void;
}

export function makeEmbedded(
  t: TestContext,
  options: Partial<Omit<EmbeddedQueueOptions, 'limits'>> & { limits?: Partial<QueueLimits> } = {},
): Embedded {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
  const folder = mkdtempSync(join(tmpdir(), 'volley-queue-'));
  const path = join(folder, 'queue.db');
  const logged: string[] = [];
  const open: EmbeddedQueue[] = [];
  const reopen = () => {
    const queue = createEmbeddedQueue({
      path,
      log: {
        taskFailed: (it) => logged.push(`${it.task} ${it.attempt}: ${it.error}`),
        unexpected: (it) => logged.push(`${it.where}: ${it.error}`),
      },
      random: chance(),
      ...options,
      limits: everywhere({ ...limits, ...options.limits }),
    });
    open.push(queue);
    return queue;
  };
  t.after(() => {
    for (const queue of open) queue.close();
    rmSync(folder, { recursive: true });
  });
  let connection!: DatabaseSync;
  const exec = DatabaseSync.prototype.exec;
  const spy = t.mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql) {
    connection = this;
    return exec.call(this, sql);
  } as typeof exec);
  const queue = reopen();
  spy.mock.restore();
  return {
    queue,
    path,
    logged,
    reopen,
    losePatience: () => connection.exec('PRAGMA busy_timeout = 0'),
    start: queue.start,
    now: () => Date.now(),
    pass: (ms) => pass(t, ms),
  };
}
