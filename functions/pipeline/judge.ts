/** What an outcome means for the one recipient it is about. */

import type { Outcome } from '../ports.ts';

export type Verdict =
  | { kind: 'accepted' }
  /** for good; `forgetSince`: the token is dead, unless its app registered after that */
  | { kind: 'failed'; reason: string; forgetSince?: number }
  /** sent again in the next attempt */
  | { kind: 'open'; doubtful: boolean };

/**
 * `claimedAt` stands in for a time that the provider does not give: the token was in use then.
 * `exhausted`: there is no next attempt, by number or by time.
 *
 * A push that got no answer (`unknown`) is sent once more: its collapse id makes the second replace
 * the first on the device. Twice unknown is recorded as that.
 */
export function judge(
  outcome: Outcome,
  { claimedAt, doubtful, exhausted }: { claimedAt: number; doubtful: boolean; exhausted: boolean },
): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'accepted' };
    case 'rejected':
      return { kind: 'failed', reason: outcome.reason };
    case 'unregistered':
      return {
        kind: 'failed',
        reason: outcome.reason,
        forgetSince: outcome.since ?? claimedAt,
      };
    case 'retry':
      return exhausted ? { kind: 'failed', reason: outcome.reason } : { kind: 'open', doubtful };
    case 'unknown':
      return doubtful || exhausted
        ? { kind: 'failed', reason: outcome.reason }
        : { kind: 'open', doubtful: true };
    case 'blocked':
      return { kind: 'open', doubtful };
  }
}

/** Its meaning does not depend on what becomes of the others, or of the attempt. */
export const isFinal = (outcome: Outcome) =>
  outcome.kind === 'accepted' ||
  outcome.kind === 'unregistered' ||
  (outcome.kind === 'rejected' && !outcome.suspect);

/** So many answers of a kind in one chunk, and half of all: it is not about the recipients. */
const WAVE = 20;

/** Watches one attempt for signs that all of it would fail, or should wait. */
export function createWatch() {
  let answered = 0;
  let suspects = 0;
  let waits = 0;
  let longestWaitMs = 0;
  let blocked: string | null = null;
  return {
    see(outcome: Outcome) {
      answered += 1;
      if (outcome.kind === 'blocked') blocked ??= outcome.reason;
      if (outcome.kind === 'rejected' && outcome.suspect) {
        suspects += 1;
        if (suspects >= WAVE && suspects * 2 >= answered) blocked ??= outcome.reason;
      }
      if (outcome.kind === 'retry') {
        if (outcome.scope === 'service') waits += 1;
        longestWaitMs = Math.max(longestWaitMs, outcome.afterMs ?? 0);
      }
    },
    /** why nothing more should be sent, or null */
    blocked: () => blocked,
    /** the provider asked most of them to wait: the whole queue should slow down */
    everybodyWaits: () => waits >= WAVE && waits * 2 > answered,
    longestWaitMs: () => longestWaitMs,
  };
}
