/**
 * Scales the instances of one service as Cloud Run does: starts them when they are needed, limits the
 * concurrent requests of each, and answers 429 when the maximum of instances is busy.
 *
 * Differences: it starts another instance only when the others are full (Cloud Run does at 60 %), and
 * ends no idle instance, only those that `terminate` ends.
 * https://cloud.google.com/run/docs/about-instance-autoscaling
 */

import type { Place, Refusal } from '../front.ts';
import type { Fn } from '../function.ts';
import { createInstance, type Instance } from './instance.ts';

export interface ScaleOptions {
  start(): Promise<Fn>;
  /** concurrent requests of an instance */
  concurrency: number;
  /** maximum of instances; `limit` changes it */
  instances: number;
  /** "incoming requests can be queued for up to 10 seconds" */
  queueMs?: number;
  /** ms from SIGTERM to SIGKILL */
  stopMs?: number;
}

export interface Scaled {
  take(gone: AbortSignal): Promise<Place | Refusal>;
  limit(instances: number): void;
  /** Ends all instances; others start when needed. Returns their exit codes, null after SIGKILL. */
  terminate(): Promise<(number | null)[]>;
  counts(): ScaleCounts;
  stop(): Promise<void>;
}

export interface ScaleCounts {
  running: number;
  /** running instances that have no CPU now */
  frozen: number;
  /** requests in progress */
  atWork: number;
  /** this and the following count from the start */
  starts: number;
  freezes: number;
  requests: number;
  /** requests that got 429 */
  refused: number;
  /** most concurrent requests of one instance */
  mostAtOnce: number;
}

const QUEUE_MS = 10_000;
const STOP_MS = 10_000;
/** The log says "The request was aborted because there was no available instance". */
const unavailable: Refusal = { kind: 'refused', status: 429, body: 'Rate exceeded.' };
const notStarted: Refusal = { kind: 'refused', status: 503, body: 'Service Unavailable' };

/** Starts no instance before the first request. */
export function createScaled(options: ScaleOptions): Scaled {
  const { start, concurrency, queueMs = QUEUE_MS, stopMs = STOP_MS } = options;
  let { instances } = options;
  const all = new Set<Instance>();
  const waiting: ((answer: Place | Refusal) => void)[] = [];
  const starting = new Set<Promise<void>>();
  const sums = { starts: 0, freezes: 0, requests: 0, refused: 0, mostAtOnce: 0 };

  const serving = () => [...all].filter((it) => !it.isEnding());

  function place(it: Instance): Place {
    it.begin();
    sums.requests++;
    sums.mostAtOnce = Math.max(sums.mostAtOnce, it.atWork());
    return {
      kind: 'place',
      port: it.port,
      free() {
        it.done();
        assign();
        it.rest();
      },
    };
  }

  /** Gives free slots to waiting requests, and starts the instances that are missing. */
  function assign() {
    while (waiting.length > 0) {
      const room = serving().find((it) => it.atWork() < concurrency);
      if (!room) break;
      waiting.shift()!(place(room));
    }
    while (
      starting.size * concurrency < waiting.length &&
      serving().length + starting.size < instances
    )
      add();
  }

  function add() {
    sums.starts++;
    const ready = start().then(
      (fn) => {
        starting.delete(ready);
        serve(fn);
      },
      () => {
        starting.delete(ready);
        for (const answer of waiting.splice(0, concurrency)) answer(notStarted);
        assign();
      },
    );
    starting.add(ready);
  }

  function serve(fn: Fn) {
    const it = createInstance(fn, () => sums.freezes++);
    if (fn.child.exitCode === null && fn.child.signalCode === null) all.add(it);
    fn.child.once('exit', () => all.delete(it));
    assign();
    it.rest();
  }

  return {
    take(gone) {
      const { promise, resolve } = Promise.withResolvers<Place | Refusal>();
      const settle = (answer: Place | Refusal) => {
        clearTimeout(timer);
        gone.removeEventListener('abort', leave);
        resolve(answer);
      };
      const leave = () => {
        const at = waiting.indexOf(settle);
        if (at >= 0) waiting.splice(at, 1);
        settle(unavailable);
      };
      const overdue = () => {
        // if a start takes longer, Cloud Run waits for it
        if (starting.size > 0) timer = setTimeout(overdue, queueMs);
        else {
          sums.refused++;
          leave();
        }
      };
      let timer = setTimeout(overdue, queueMs);
      gone.addEventListener('abort', leave);
      waiting.push(settle);
      assign();
      return promise;
    },
    limit(most) {
      instances = most;
      assign();
    },
    terminate: () => Promise.all(serving().map((it) => it.end(stopMs))),
    counts: () => ({
      running: all.size,
      frozen: [...all].filter((it) => it.isFrozen()).length,
      atWork: [...all].reduce((sum, it) => sum + it.atWork(), 0),
      ...sums,
    }),
    async stop() {
      instances = 0;
      for (const answer of waiting.splice(0)) answer(notStarted);
      await Promise.all(starting);
      await Promise.all([...all].map((it) => it.end(stopMs)));
    },
  };
}
