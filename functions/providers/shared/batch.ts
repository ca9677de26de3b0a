/** Sends a batch through a pool. The same code serves all providers. */

import type { Answer } from '../../http2/pool/pool.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Batch } from '../../ports/ports.ts';
import type { Flow } from './flow.ts';

/** Most attempts for a recipient in a batch while the provider throttles. Its next chunk goes on. */
const MAX_TRIES = 6;
/** Shortest sleep: timers are not finer. Pushes that may start meanwhile start together. */
const MIN_SLEEP_MS = 5;

/** A recipient that a throttling provider refused, to be tried again at the time `at`. */
interface Again {
  index: number;
  at: number;
  outcome: Outcome;
}

/**
 * Starts a push for each open recipient, as many at a time as the flow and the ramp allow. Resolves
 * when every started push has its outcome. Starts no more when the signal fires. A push that is refused
 * while the provider accepts others is tried again here, at the rate that the provider accepts.
 *
 * `begin` gets the function that takes outcomes, and returns the function that starts a push. No other
 * object is made for each push.
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
    /** the ramp calls us when it may have room */
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

    /** The usual case: nothing was refused, and the rate is not limited. */
    function startNext() {
      if (again.length > 0 || flow.isBound) return;
      const most = flow.size;
      while (underWay < most && next < open.length && !signal.aborted) {
        if (ramp !== undefined && !ramp.take()) return;
        underWay += 1;
        start(open[next++] as number);
      }
    }

    /** False if nothing can start now; what has to happen first will call `pump`. */
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
        // pushes to be tried again hold room of the ramp, and others may wait for that room
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
      // an answer may come before `start` returns: then the loop below goes on, not a nested one
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
      stopListening();
      for (const { index, outcome } of again) batch.settle(index, outcome);
      again = [];
      resolve();
    }

    const stopListening = onAbort(signal, pump);
    pump();
  });
}

/**
 * Calls `then` when the signal fires, until the returned function is called. Batches share a signal.
 * A removed listener still names the next one. If one that had become old held its batch, each later
 * batch would become old as well, with 60 bytes a push that only a full collection finds.
 */
function onAbort(signal: AbortSignal, then: () => void): () => void {
  let held: (() => void) | null = then;
  const listen = () => held?.();
  signal.addEventListener('abort', listen);
  return () => {
    held = null;
    signal.removeEventListener('abort', listen);
  };
}

/** The outcome of a recipient whose push got no reply. */
export function unanswered(answer: Exclude<Answer, { kind: 'reply' }>): Outcome {
  return answer.kind === 'refused'
    ? { kind: 'retry', reason: answer.reason, afterMs: null, scope: 'service' }
    : { kind: 'unknown', reason: answer.reason };
}
