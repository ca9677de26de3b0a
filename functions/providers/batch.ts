/** How a batch goes through a pool, whichever the provider. */

import type { Answer } from '../http2/pool.ts';
import type { Batch, Outcome } from '../ports.ts';
import type { Window } from './window.ts';

/**
 * Starts a push for each open recipient, a window of them at a time, and resolves when every push
 * that was started has its outcome. Stops starting when the signal fires, and when an outcome is
 * `blocked`: everybody after it would get the same.
 *
 * `begin` is given the function that takes outcomes, and gives the one that starts a push; nothing
 * more is made for each of them.
 */
export function sendBatch(
  batch: Batch,
  window: Window,
  begin: (settle: (index: number, outcome: Outcome) => void) => (index: number) => void,
): Promise<void> {
  const { open, signal } = batch;
  return new Promise((resolve) => {
    let next = 0;
    let underWay = 0;
    let blocked = false;
    let pumping = false;

    const start = begin((index, outcome) => {
      underWay -= 1;
      if (outcome.kind === 'blocked') blocked = true;
      window.see(outcome);
      batch.settle(index, outcome);
      pump();
    });

    function pump() {
      // an answer may come before `start` returns; the loop below goes on then, not a deeper one
      if (pumping) return;
      pumping = true;
      while (underWay < window.size && next < open.length && !blocked && !signal.aborted) {
        underWay += 1;
        start(open[next++] as number);
      }
      pumping = false;
      if (underWay === 0) resolve();
    }

    pump();
  });
}

/** What an answer that is no reply means for a recipient. */
export function unanswered(answer: Exclude<Answer, { kind: 'reply' }>): Outcome {
  return answer.kind === 'refused'
    ? { kind: 'retry', reason: answer.reason, afterMs: null, scope: 'service' }
    : { kind: 'unknown', reason: answer.reason };
}
