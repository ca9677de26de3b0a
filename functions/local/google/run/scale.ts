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
import { createWaitingLine } from './waiting-line.ts';

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

interface ScaleCounts {
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
const notStarted: Refusal = { kind: 'refused', status: 503, body: 'Service Unavailable' };

/** Starts no instance before the first request. */
export function createScaled(options: ScaleOptions): Scaled {
  const { start, concurrency, queueMs = QUEUE_MS, stopMs = STOP_MS } = options;
  let { instances } = options;
  const all = new Set<Instance>();
  const starting = new Set<Promise<void>>();
  const sums = { starts: 0, freezes: 0, requests: 0, refused: 0, mostAtOnce: 0 };
  const waiting = createWaitingLine({
    queueMs,
    isStarting: () => starting.size > 0,
    onRefused: () => sums.refused++,
  });

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
      waiting.answer(place(room));
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
        refuse(concurrency);
        assign();
      },
    );
    starting.add(ready);
  }

  /** Answers requests for which no instance starts. */
  function refuse(most: number) {
    for (let left = Math.min(most, waiting.length); left > 0; left--) waiting.answer(notStarted);
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
      const given = waiting.join(gone);
      assign();
      return given;
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
      refuse(waiting.length);
      await Promise.all(starting);
      await Promise.all([...all].map((it) => it.end(stopMs)));
    },
  };
}
