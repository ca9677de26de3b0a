/** A write that a control starts: one at a time, with what went wrong. */

import { useSignal } from '@preact/signals';
import type { Answer, Problem } from './client.ts';

interface Action {
  busy: boolean;
  problem: Problem | null;
  /** Calls, unless a call is under way; `done` gets what the API answered. */
  run<T>(call: () => Promise<Answer<T>>, done: (value: T) => unknown): Promise<void>;
}

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
      problem.value = answer.ok ? null : answer.problem;
      if (answer.ok) await done(answer.value);
    },
  };
}
