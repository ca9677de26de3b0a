/** Verdicts about an app's credentials, by the answer to a push to a made-up token. */

import type { Outcome } from '../../model/outcome.ts';
import { unknown } from '../../model/verdict.ts';

type Blocked = Extract<Outcome, { kind: 'blocked' }>;

/** The provider's refusal: the reason, with its meaning if it is documented, else with its detail. */
export function refusal(
  { reason, detail }: Blocked,
  known: Record<string, { meaning: string }> = {},
) {
  const words = (Object.hasOwn(known, reason) && known[reason]?.meaning) || detail;
  return `it refuses us: ${reason}${words ? `: ${words}` : ''}`;
}

export const noAnswer = ({ reason }: Extract<Outcome, { reason: string }>) =>
  unknown(
    `its answer shows nothing about the credentials: ${reason}`,
    'Try again in a minute. If it persists, check the network and the status page.',
  );
