/**
 * The outcome of an answer of FCM HTTP v1, by its error code.
 * https://firebase.google.com/docs/cloud-messaging/error-codes
 */

import { parseRetryAfter } from '../../lib/retry-after.ts';
import type { Outcome } from '../../model/outcome.ts';
import { fcmReasons } from '../../model/provider/fcm-reasons.ts';

type Class = (typeof fcmReasons)[keyof typeof fcmReasons]['class'];

/**
 * FCM: "If no Retry-After header is set, default to 60 seconds" (error-codes, QUOTA_EXCEEDED), because
 * the quota is for a minute. While pushes are accepted it is not used up.
 */
const QUOTA_AFTER_MS = 60_000;

const ACCEPTED: Outcome = Object.freeze({ kind: 'accepted' });

/**
 * The outcome of an answer of FCM. `body` is a `google.rpc.Status`; of a 200 a `Message`, or '' if it was
 * not kept. `now` is in milliseconds. Never throws.
 */
export function classifyFcm(
  status: number,
  body: string,
  retryAfter: string | undefined,
  now: number,
): Outcome {
  if (status === 200) return body === '' ? ACCEPTED : acceptedAs(body);
  const error = parse(body);
  const known = Object.hasOwn(fcmReasons, error.code)
    ? fcmReasons[error.code as keyof typeof fcmReasons]
    : undefined;
  const reason = error.code || error.status || `HTTP ${status}`;
  const it = known?.class ?? classOf(status);
  const detail = error.detail ? { detail: error.detail } : {};
  switch (it) {
    case 'suspect':
      return { kind: 'rejected', reason, ...detail, suspect: true };
    case 'blocked':
      return { kind: it, reason, ...detail };
    case 'token':
      return { kind: error.tokenAtFault ? 'rejected' : 'blocked', reason, ...detail };
    case 'unregistered':
      return { kind: it, reason, since: null };
    case 'service': {
      const afterMs = parseRetryAfter(retryAfter, now);
      const stalledMs = afterMs === null && status === 429 ? { stalledMs: QUOTA_AFTER_MS } : {};
      return { kind: 'retry', reason, afterMs, scope: 'service', ...stalledMs };
    }
  }
}

const MAX_NAME = 200;
/** https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages#Message */
const nameForm = /^projects\/[\w.:-]+\/messages\/[\w.:%~+=-]+$/;

/** Accepted, with the name of the push if the answer has one of the documented form. */
function acceptedAs(body: string): Outcome {
  try {
    const name: unknown = JSON.parse(body)?.name;
    if (typeof name === 'string' && name.length <= MAX_NAME && nameForm.test(name))
      return { kind: 'accepted', name };
  } catch {
    // cut, or not JSON: the push was accepted all the same
  }
  return ACCEPTED;
}

/** The class of an answer without an FCM code. It concerns the request: 404 is a wrong project. */
function classOf(status: number): Class {
  if (status === 400) return 'token';
  if (status === 429 || status >= 500) return 'service';
  return 'blocked';
}

interface Parsed {
  code: string;
  status: string;
  /** the fields at fault, or the message, as FCM words it */
  detail: string;
  tokenAtFault: boolean;
}

/** Longest detail in characters: it is stored with each failure. */
const MAX_DETAIL = 200;
const MAX_CODE = 100;
const MAX_VIOLATIONS = 5;

/** The value as one line of text; '' if it is no text. The body may contain anything. */
const words = (it: unknown, most = MAX_DETAIL) =>
  typeof it === 'string'
    ? it
        .slice(0, most)
        .toWellFormed()
        .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
        .trim()
    : '';

function parse(body: string): Parsed {
  const parsed: Parsed = { code: '', status: '', detail: '', tokenAtFault: false };
  try {
    const { error } = JSON.parse(body);
    const violations: string[] = [];
    parsed.status = words(error?.status, MAX_CODE);
    for (const detail of Array.isArray(error?.details) ? error.details : []) {
      parsed.code ||= words(detail?.errorCode, MAX_CODE);
      const named = detail?.fieldViolations ?? [];
      for (const { field, description } of named.slice(0, MAX_VIOLATIONS)) {
        if (field === 'message.token') parsed.tokenAtFault = true;
        const violation = [words(field), words(description)].filter(Boolean).join(': ');
        if (violation) violations.push(violation);
      }
    }
    parsed.detail = words(violations.join('; ') || error?.message);
    // FCM's message for a malformed token; it does not always name the field
    if (/not a valid FCM registration token/i.test(String(error?.message)))
      parsed.tokenAtFault = true;
  } catch {
    // not JSON, such as the answer of a proxy: the status decides
  }
  return parsed;
}
