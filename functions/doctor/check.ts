/** The checks of `volley doctor`: each engine lists its own, the API runs them. */

import { withDeadline } from '../lib/deadline.ts';
import { redact } from '../lib/redact.ts';
import { unknown, type Verdict } from '../model/verdict.ts';

export interface Finding extends Verdict {
  check: string;
}

export interface Check {
  name: string;
  /** If it throws, the result is 'unknown'. `signal` fires at the deadline. */
  run(signal: AbortSignal): Promise<Verdict>;
}

/** ms for one check: less than the CLI waits for an answer. */
const DEADLINE_MS = 20_000;

/** Runs all checks concurrently; returns the findings in the order of the list. Never rejects. */
export function examine(checks: Check[], deadlineMs = DEADLINE_MS): Promise<Finding[]> {
  return Promise.all(
    checks.map(async ({ name, run }) => {
      const late = new AbortController();
      try {
        const result = await withDeadline(run(late.signal), deadlineMs, name);
        return { check: name, ...result };
      } catch (error) {
        const detail = redact(error instanceof Error ? error.message : String(error));
        return { check: name, ...unknown(detail, 'Try again; the log says more.') };
      } finally {
        late.abort();
      }
    }),
  );
}
