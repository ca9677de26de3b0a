/** classify: decides what an outcome means for its recipient. */

import type { Outcome } from '../../model/outcome.ts';
import type { Trial } from './trials.ts';

type Verdict =
  | { kind: 'accepted' }
  /**
   * for good; `forgetSince` (ms since the epoch): the token is dead, unless its app registered after
   * that
   */
  | { kind: 'failed'; reason: string; detail?: string; forgetSince?: number }
  /** sent again in the next attempt */
  | { kind: 'open'; inDoubt: boolean };

/** What is known of an attempt when an outcome is classified. */
interface Attempt {
  /** stands in for a time that the provider does not give: the token was in use then */
  claimedAt: number;
  /** it had its second try before */
  inDoubt: boolean;
  /** there is no next attempt: its time is over, or the campaign is being cancelled */
  exhausted: boolean;
  /** the campaign was paused: a recipient that may share the cause stays open, unless it happens again */
  paused: boolean;
  /** the fault is the recipient's own: others were accepted since, or it was refused before */
  alone: boolean;
}

/**
 * A push that got no answer (`unknown`) is sent once more: its collapse id makes the second replace
 * the first on the device. Twice unknown is recorded as that.
 */
export function classify(outcome: Outcome, it: Attempt): Verdict {
  const { inDoubt, exhausted, paused } = it;
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'accepted' };
    case 'rejected':
      return outcome.suspect && paused && !inDoubt
        ? { kind: 'open', inDoubt: true }
        : failed(outcome);
    case 'unregistered':
      return { ...failed(outcome), forgetSince: outcome.since ?? it.claimedAt };
    case 'retry':
      return exhausted ? failed(outcome) : { kind: 'open', inDoubt };
    case 'unknown':
      return inDoubt || exhausted ? failed(outcome) : { kind: 'open', inDoubt: true };
    case 'blocked':
      // the push was not sent
      if (outcome.proven) return { kind: 'open', inDoubt };
      // a second refusal fails, so that each resume settles some and the campaign ends
      if (paused) return inDoubt ? failed(outcome) : { kind: 'open', inDoubt: true };
      return it.alone || exhausted ? failed(outcome) : { kind: 'open', inDoubt };
  }
}

const failed = ({ reason, ...rest }: Exclude<Outcome, { kind: 'accepted' }>) => ({
  kind: 'failed' as const,
  reason,
  ...('detail' in rest && rest.detail !== undefined && { detail: rest.detail }),
});

/**
 * Whether an outcome can be classified before the end of the attempt, whatever happens to other
 * recipients.
 */
export const isFinal = (outcome: Outcome) =>
  outcome.kind === 'accepted' ||
  outcome.kind === 'unregistered' ||
  (outcome.kind === 'rejected' && !outcome.suspect);

/** Answers of a kind in one chunk which, if they are half of all answers, are not about the recipients. */
const WAVE = 20;

/** Watches one attempt for signs that all of it would fail, or should wait. */
export function createWatch(trial: Pick<Trial, 'see' | 'isWave'>) {
  let answered = 0;
  let suspects = 0;
  let waits = 0;
  let serviceMs = 0;
  let stalledMs = 0;
  let deviceMs = Number.POSITIVE_INFINITY;
  let blocked: string | null = null;
  return {
    see(outcome: Outcome) {
      answered += 1;
      trial.see(outcome);
      if (outcome.kind === 'accepted') return;
      if (outcome.kind === 'blocked') {
        if (outcome.proven || trial.isWave()) blocked ??= reasonOf(outcome);
      }
      if (outcome.kind === 'rejected' && outcome.suspect) {
        suspects += 1;
        if (suspects >= WAVE && suspects * 2 >= answered) blocked ??= outcome.reason;
      }
      if (outcome.kind === 'retry' && outcome.scope === 'device')
        deviceMs = Math.min(deviceMs, outcome.afterMs ?? 0);
      if (outcome.kind === 'retry' && outcome.scope === 'service') {
        waits += 1;
        serviceMs = Math.max(serviceMs, outcome.afterMs ?? 0);
        stalledMs = Math.max(stalledMs, outcome.afterMs ?? outcome.stalledMs ?? 0);
      }
    },
    /** why nothing more should be sent, or null */
    blocked: () => blocked,
    /** the provider asked most of them to wait: the whole queue should slow down */
    everybodyWaits: () => waits >= WAVE && waits * 2 > answered,
    /**
     * Milliseconds that the provider asks this chunk to wait; `progress`: it accepted a push meanwhile.
     * One device that has to wait does not hold back the others: it is tried again a little early.
     */
    waitMs(progress: boolean) {
      if (waits > 0) return progress ? serviceMs : stalledMs;
      return Number.isFinite(deviceMs) ? deviceMs : 0;
    },
  };
}

/** The reason of a pause as an operator reads it: the provider's reason, then its own words. */
export const reasonOf = ({ reason, detail }: { reason: string; detail?: string | undefined }) =>
  detail ? `${reason}: ${detail}` : reason;
