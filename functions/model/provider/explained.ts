/** Reasons of failures in words: what they mean, and what to do. */

import type { Failure } from '../chunk.ts';
import type { Reason } from './reason.ts';
import { descriptionOf, providers } from './registry.ts';

/** What a failure means, and what to do. Both are sentences; the meaning names no one at fault. */
export interface Explained {
  meaning: string;
  next: string;
}

/** Reasons that Volley gives by itself. */
const own: Record<string, Pick<Reason, 'meaning' | 'next'>> = {
  Expired: {
    meaning: 'the push expired before the provider took it',
    next: 'Give the message a longer ttlSeconds, or send it again: volley retry-failures.',
  },
  PayloadTooLarge: {
    meaning: 'with the values of this installation the push is larger than the provider takes',
    next: 'Shorten the message, or the values of this installation that are filled into it.',
  },
};

const byOutcome: Record<Failure['outcome'], Explained> = {
  rejected: {
    meaning: 'the provider refuses the token',
    next: 'Let the app register again: it then sends the token that it has now.',
  },
  unregistered: {
    meaning: 'the app is not on the device any more',
    next: 'Nothing: the token is dead. The device is back once its app registers again.',
  },
  retry: {
    meaning: 'the provider was not able to take it',
    next: 'Send it again: volley retry-failures.',
  },
  unknown: {
    meaning: 'the push was sent, and the provider never answered: it may have arrived',
    next: 'Ask the person. Send it again only if it may come twice: volley retry-failures.',
  },
  blocked: {
    meaning: 'the provider refuses the message or our credentials',
    next: 'Run volley doctor and mend what it names, then volley retry-failures.',
  },
};

/** What a reason means where only its name is known, as in sums; null for one that is new to us. */
export function explainedName(reason: string): Explained | null {
  for (const provider of providers) {
    const { reasons } = descriptionOf(provider);
    if (Object.hasOwn(reasons, reason))
      return explainedReason({ provider, outcome: outcomeOf[reasons[reason]!.class], reason });
  }
  if (!Object.hasOwn(own, reason)) return null;
  return explainedReason({ provider: providers[0], outcome: 'retry', reason });
}

const outcomeOf: Record<Reason['class'], Failure['outcome']> = {
  rejected: 'rejected',
  suspect: 'rejected',
  token: 'rejected',
  unregistered: 'unregistered',
  blocked: 'blocked',
  device: 'retry',
  service: 'retry',
};

/** What the reason of a failure means, and what to do about it. A reason that is new to us has both. */
export function explainedReason({
  provider,
  outcome,
  reason: name,
}: Pick<Failure, 'provider' | 'outcome' | 'reason'>): Explained {
  const { reasons } = descriptionOf(provider);
  const known = Object.hasOwn(reasons, name) ? reasons[name] : undefined;
  const ours = Object.hasOwn(own, name) ? own[name] : undefined;
  const usual = byOutcome[outcome];
  const { meaning = usual.meaning, next = usual.next } = known ?? ours ?? {};
  return { meaning: `${meaning[0]!.toUpperCase()}${meaning.slice(1)}.`, next };
}
