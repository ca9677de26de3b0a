/** Requests that wait until an instance has room for them. */

import type { Place, Refusal } from '../front.ts';

/** The log says "The request was aborted because there was no available instance". */
const unavailable: Refusal = { kind: 'refused', status: 429, body: 'Rate exceeded.' };

interface LineOptions {
  /** longest wait, ms */
  queueMs: number;
  /** true while an instance starts: if that takes longer, Cloud Run waits for it */
  isStarting(): boolean;
  /** called for each request that has waited in vain */
  onRefused(): void;
}

interface WaitingLine {
  readonly length: number;
  /** Resolves with what `answer` gives, or 429 after the wait, or when the caller has `gone`. */
  join(gone: AbortSignal): Promise<Place | Refusal>;
  /** Answers the first request that waits. */
  answer(it: Place | Refusal): void;
}

export function createWaitingLine({ queueMs, isStarting, onRefused }: LineOptions): WaitingLine {
  const waiting: ((answer: Place | Refusal) => void)[] = [];
  return {
    get length() {
      return waiting.length;
    },
    join(gone) {
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
        if (isStarting()) timer = setTimeout(overdue, queueMs);
        else {
          onRefused();
          leave();
        }
      };
      let timer = setTimeout(overdue, queueMs);
      gone.addEventListener('abort', leave);
      waiting.push(settle);
      return promise;
    },
    answer: (it) => waiting.shift()?.(it),
  };
}
