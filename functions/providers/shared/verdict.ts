/** What an answer to a push to a made-up token says of an app's credentials. */

import type { Outcome } from '../../model/outcome.ts';
import type { Verdict } from '../adapter.ts';

export const passed = (detail: string): Verdict => ({ state: 'well', detail });
export const failed = (detail: string, next: string): Verdict => ({ state: 'fault', detail, next });
export const undecided = (detail: string, next: string): Verdict => ({
  state: 'unknown',
  detail,
  next,
});

type Blocked = Extract<Outcome, { kind: 'blocked' }>;

/** Of a reason that is documented, with its meaning; else in the provider's own words. */
export function refusal(
  { reason, detail }: Blocked,
  known: Record<string, { meaning: string }> = {},
) {
  const words = (Object.hasOwn(known, reason) && known[reason]?.meaning) || detail;
  return `it refuses us: ${reason}${words ? `: ${words}` : ''}`;
}

export const noAnswer = ({ reason }: Extract<Outcome, { reason: string }>) =>
  undecided(
    `it gives no answer to build on: ${reason}`,
    'Try again in a minute; if it stays so, look at the network and the status page.',
  );
