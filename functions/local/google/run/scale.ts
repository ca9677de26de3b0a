/**
 * The instances of one service as Cloud Run scales them: started when they are needed, each given so
 * many requests at once and no more, and 429 when there may be no further one.
 *
 * Not as there: another instance is started only when the others have no room left (Cloud Run begins at
 * 60 % of that), and none is ended for being idle; `terminate` says when.
 * https://cloud.google.com/run/docs/about-instance-autoscaling
 */

import type { Place, Refusal } from '../front.ts';
import type { Fn } from '../function.ts';
import { createInstance, type Instance } from './instance.ts';

export interface ScaleOptions {
  start(): Promise<Fn>;
  /** requests that an instance has at once */
  concurrency: number;
  /** at most; `limit` changes it */
  instances: number;
  /** "incoming requests can be queued for up to 10 seconds" */
  queueMs?: number;
  /** from SIGTERM to SIGKILL */
  stopMs?: number;
}

export interface Scaled {
  take(gone: AbortSignal): Promise<Place | Refusal>;
  limit(instances: number): void;
  /** Ends all that run; others follow when they are needed. The exit code of each, null after SIGKILL. */
  terminate(): Promise<(number | null)[]>;
  counts(): ScaleCounts;
  stop(): Promise<void>;
}

export interface ScaleCounts {
  running: number;
  /** of those that run, without a CPU now */
  frozen: number;
  /** requests under way */
  atWork: number;
  /** these are since the beginning */
  starts: number;
  freezes: number;
  requests: number;
  /** requests that got 429 */
  refused: number;
  /** requests of one instance */
  mostAtOnce: number;
}

const QUEUE_MS = 10_000;
const STOP_MS = 10_000;
/** The log says "The request was aborted because there was no available instance". */
const unavailable: Refusal = { kind: 'refused', status: 429, body: 'Rate exceeded.' };
const notStarted: Refusal = { kind: 'refused', status: 503, body: 'Service Unavailable' };

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

  /** Gives those that wait the room there is, and starts what is missing. */
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
        // a start may take longer: then Cloud Run waits for it
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
