/** How a batch goes through a pool, whichever the provider. */

import type { Answer } from '../../http2/pool/pool.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Batch } from '../../ports/ports.ts';
import type { Flow } from './flow.ts';

/** How often a recipient is tried in a batch while the provider throttles; later attempts go on. */
const MAX_TRIES = 6;
/** Timers are no finer; what has become free meanwhile starts together. */
const MIN_SLEEP_MS = 5;

/** Refused by a provider that throttles, and tried again at that time. */
interface Again {
  index: number;
  at: number;
  outcome: Outcome;
}

/**
 * Starts a push for each open recipient, as many at a time as the flow and the ramp allow, and resolves
 * when every push that was started has its outcome. Stops starting when the signal fires. What a
 * provider refuses while it lets others through is tried again here, at the rate that it takes.
 *
 * `begin` is given the function that takes outcomes, and gives the one that starts a push; nothing
 * more is made for each of them.
 */
export function sendBatch(
  batch: Batch,
  flow: Flow,
  begin: (settle: (index: number, outcome: Outcome) => void) => (index: number) => void,
  now: () => number = () => performance.now(),
): Promise<void> {
  const { open, signal, ramp } = batch;
  return new Promise((resolve) => {
    let next = 0;
    let underWay = 0;
    let pumping = false;
    let ended = false;
    /** told when the ramp may have room */
    let waiting = false;
    let timer: NodeJS.Timeout | undefined;
    /** about in the order of their times */
    let again: Again[] = [];
    const tries = new Map<number, number>();

    const start = begin((index, outcome) => {
      underWay -= 1;
      const waitMs = flow.see(outcome);
      if (waitMs === null || !later(index, outcome, waitMs)) batch.settle(index, outcome);
      pump();
    });

    function later(index: number, outcome: Outcome, waitMs: number): boolean {
      const tried = (tries.get(index) ?? 0) + 1;
      if (signal.aborted || tried === MAX_TRIES) return false;
      tries.set(index, tried);
      again.push({ index, outcome, at: now() + waitMs });
      return true;
    }

    function sleep(ms: number) {
      clearTimeout(timer);
      timer = setTimeout(pump, Math.max(MIN_SLEEP_MS, ms));
    }

    const left = () => next < open.length || again.length > 0;

    /** The usual way of almost all pushes: nothing is refused, and nothing bounds the rate. */
    function startNext() {
      if (again.length > 0 || flow.isBound) return;
      const most = flow.size;
      while (underWay < most && next < open.length && !signal.aborted) {
        if (ramp !== undefined && !ramp.take()) return;
        underWay += 1;
        start(open[next++] as number);
      }
    }

    /** False: nothing can be started now; whatever has to happen first will call `pump`. */
    function startOther(): boolean {
      const first = again[0];
      const untilAgain = first ? first.at - now() : Number.POSITIVE_INFINITY;
      const isFresh = untilAgain > 0;
      if (isFresh && next >= open.length) {
        if (first) sleep(untilAgain);
        return false;
      }
      const delay = flow.delay();
      if (delay > 0) {
        sleep(delay);
        return false;
      }
      if (isFresh && ramp && !ramp.take()) {
        // those to be tried again hold room: it may be they that others wait for
        if (first) sleep(untilAgain);
        if (!waiting) ramp.wait(roomAgain);
        waiting = true;
        return false;
      }
      flow.take();
      underWay += 1;
      start(isFresh ? (open[next++] as number) : again.shift()!.index);
      return true;
    }

    function roomAgain() {
      waiting = false;
      pump();
    }

    function pump() {
      // an answer may come before `start` returns; the loop below goes on then, not a deeper one
      if (pumping || ended) return;
      if (left()) {
        pumping = true;
        startNext();
        while (left() && underWay < flow.size && !signal.aborted && startOther());
        pumping = false;
      }
      if (underWay === 0 && (signal.aborted || !left())) end();
    }

    function end() {
      ended = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', pump);
      for (const { index, outcome } of again) batch.settle(index, outcome);
      again = [];
      resolve();
    }

    signal.addEventListener('abort', pump);
    pump();
  });
}

/** What an answer that is no reply means for a recipient. */
export function unanswered(answer: Exclude<Answer, { kind: 'reply' }>): Outcome {
  return answer.kind === 'refused'
    ? { kind: 'retry', reason: answer.reason, afterMs: null, scope: 'service' }
    : { kind: 'unknown', reason: answer.reason };
}
