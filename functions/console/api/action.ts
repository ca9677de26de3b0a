/** A write that a control starts: one at a time, with what went wrong. */

import { useSignal } from '@preact/signals';
import { texts } from '../texts/texts.ts';
import type { Answer, Problem } from './client.ts';

interface Action {
  busy: boolean;
  problem: Problem | null;
  /** Calls, unless a call is under way; `done` gets what the API answered. */
  run<T>(call: () => Promise<Answer<T>>, done: (value: T) => unknown): Promise<void>;
}

/** A problem of a write. One without an answer is not tried again by itself, and may have been done. */
export const ofWrite = (it: Problem): Problem =>
  it.status === 0 ? { ...it, next: texts.problems.lostWrite } : it;

export function useAction(): Action {
  const busy = useSignal(false);
  const problem = useSignal<Problem | null>(null);
  return {
    busy: busy.value,
    problem: problem.value,
    async run(call, done) {
      if (busy.peek()) return;
      busy.value = true;
      const answer = await call();
      busy.value = false;
      problem.value = answer.ok ? null : ofWrite(answer.problem);
      if (answer.ok) await done(answer.value);
    },
  };
}
