/**
 * The outcome of an answer of APNs, by its reason.
 * https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
 */

import { parseRetryAfter } from '../../lib/retry-after.ts';
import type { Outcome } from '../../model/outcome.ts';
import { apnsReasons } from '../../model/provider/apns-reasons.ts';

type Class = (typeof apnsReasons)[keyof typeof apnsReasons]['class'];

/** The class of a reason that Apple has not documented. A device is blamed only if it is surely at fault. */
function classOf(status: number): Class {
  if (status === 410) return 'unregistered';
  // a 400 may concern one device or all
  if (status === 400) return 'suspect';
  if (status === 429 || status >= 500) return 'service';
  return 'blocked';
}

const ACCEPTED: Outcome = Object.freeze({ kind: 'accepted' });

/**
 * The outcome of an answer of APNs. Unless `status` is 200, `body` is the JSON `{reason, timestamp?}`.
 * `now` is in milliseconds. Never throws.
 */
export function classifyApns(
  status: number,
  body: string,
  retryAfter: string | undefined,
  now: number,
): Outcome {
  if (status === 200) return ACCEPTED;
  const { reason, timestamp } = parse(body);
  const known = Object.hasOwn(apnsReasons, reason)
    ? apnsReasons[reason as keyof typeof apnsReasons]
    : undefined;
  const name = reason || `HTTP ${status}`;
  const it = known?.class ?? classOf(status);
  switch (it) {
    case 'suspect':
      return { kind: 'rejected', reason: name, suspect: true };
    case 'rejected':
    case 'blocked':
      return { kind: it, reason: name };
    case 'unregistered':
      return { kind: it, reason: name, since: timestamp };
    default:
      return { kind: 'retry', reason: name, afterMs: parseRetryAfter(retryAfter, now), scope: it };
  }
}

function parse(body: string): { reason: string; timestamp: number | null } {
  try {
    const { reason, timestamp } = JSON.parse(body);
    return {
      reason: typeof reason === 'string' ? reason.slice(0, 100).toWellFormed() : '',
      timestamp: typeof timestamp === 'number' ? timestamp : null,
    };
  } catch {
    return { reason: '', timestamp: null };
  }
}
