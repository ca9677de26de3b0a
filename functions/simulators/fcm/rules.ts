/**
 * What FCM HTTP v1 checks in a message, and its answers.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
 * https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
 */

import type { Answer, Asked, Rules } from '../shared/rules.ts';
import { fcmTokenForm } from '../shared/tokens.ts';
import { contentFault, tooBigFor } from './content.ts';
import { readRequest, type Violation } from './message.ts';

interface FcmRulesOptions {
  projectId: string;
  now(): number;
}

interface Refusal {
  code: number;
  status: string;
  message: string;
  /** FcmError.errorCode */
  errorCode?: string;
}

/** By FCM's ErrorCode if there is one, otherwise by google.rpc.Code. */
const refusals: Record<string, Refusal> = {
  INVALID_ARGUMENT: {
    code: 400,
    status: 'INVALID_ARGUMENT',
    message: 'The registration token is not a valid FCM registration token',
    errorCode: 'INVALID_ARGUMENT',
  },
  UNAUTHENTICATED: {
    code: 401,
    status: 'UNAUTHENTICATED',
    message:
      'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  },
  THIRD_PARTY_AUTH_ERROR: {
    code: 401,
    status: 'UNAUTHENTICATED',
    message: 'Auth error from APNS or Web Push Service',
    errorCode: 'THIRD_PARTY_AUTH_ERROR',
  },
  PERMISSION_DENIED: {
    code: 403,
    status: 'PERMISSION_DENIED',
    message:
      "Permission 'cloudmessaging.messages.create' denied on the project (or it may not exist).",
  },
  SENDER_ID_MISMATCH: {
    code: 403,
    status: 'PERMISSION_DENIED',
    message: 'SenderId mismatch',
    errorCode: 'SENDER_ID_MISMATCH',
  },
  NOT_FOUND: { code: 404, status: 'NOT_FOUND', message: 'Method not found.' },
  UNREGISTERED: {
    code: 404,
    status: 'NOT_FOUND',
    message: 'Requested entity was not found.',
    errorCode: 'UNREGISTERED',
  },
  QUOTA_EXCEEDED: {
    code: 429,
    status: 'RESOURCE_EXHAUSTED',
    message: 'Quota exceeded for quota metric of messages sent per minute.',
    errorCode: 'QUOTA_EXCEEDED',
  },
  INTERNAL: {
    code: 500,
    status: 'INTERNAL',
    message: 'Internal error encountered.',
    errorCode: 'INTERNAL',
  },
  UNAVAILABLE: {
    code: 503,
    status: 'UNAVAILABLE',
    message: 'The service is currently unavailable.',
    errorCode: 'UNAVAILABLE',
  },
};

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';
const JSON_UTF8 = { 'content-type': 'application/json; charset=UTF-8' };
/** The rules of FCM HTTP v1, for the simulator. Time in ms. */
export function fcmRules(options: FcmRulesOptions): Rules {
  const path = `/v1/projects/${options.projectId}/messages:send`;
  let sent = 0;
  const seen = lastMessage();

  function check({ headers, body }: Asked): ReturnType<Rules['check']> {
    if (headers[':method'] !== 'POST') return refused('NOT_FOUND');
    if (headers[':path'] !== path)
      return refused(
        /^\/v1\/projects\/[^/]+\/messages:send$/.test(headers[':path'] ?? '')
          ? 'PERMISSION_DENIED'
          : 'NOT_FOUND',
      );
    if (!/^Bearer \S+$/i.test(headers.authorization ?? '')) return refused('UNAUTHENTICATED');
    if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
      return invalid('Request payload must be JSON: content-type is not application/json.');

    const known = seen.tokenOf(body);
    if (known !== null) return { token: known, dryRun: seen.dryRun };
    const json = parse(body);
    if (json === undefined) return invalid('Invalid JSON payload received. Parsing error.');
    const { request, violations } = readRequest(json);
    if (violations.length > 0)
      return invalid(violations.map((it) => it.description).join('\n'), violations);

    const { message, validate_only: dryRun = false } = request;
    const { token } = message ?? {};
    const target = token ?? message?.topic ?? message?.condition;
    if (message === undefined || target === undefined)
      return violated('message', 'Recipient of the message is not set.');
    if (token !== undefined && !fcmTokenForm.test(token)) return { refusal: badToken() };
    const fault = contentFault(message);
    if (fault !== null) return violated(fault.field, fault.description);
    const tooBig = tooBigFor(message);
    if (tooBig !== null) return invalid(`${tooBig} message is too big`, [], 'INVALID_ARGUMENT');
    if (token !== undefined) seen.keep(body, token, dryRun);
    return { token: target, dryRun };
  }

  return {
    check,
    accept: () => ({
      status: 200,
      headers: JSON_UTF8,
      body: `{"name":"projects/${options.projectId}/messages/0:${options.now()}${String(++sent).padStart(7, '0')}%volley"}`,
      reason: null,
    }),
    unregistered: () => refuse('UNREGISTERED'),
    badToken,
    general: () => refuse('INVALID_ARGUMENT'),
    tooMany: (_, seconds) => later(refuse('QUOTA_EXCEEDED'), seconds),
    unavailable: (_, seconds) => later(refuse('UNAVAILABLE'), seconds),
    refuse: (_, reason) => refuse(reason),
  };
}

/**
 * The last message that broke no rule. The messages of a campaign differ only in the token, so a
 * message with the same text around a valid token breaks no rule either, and is not parsed again.
 */
function lastMessage() {
  let good = Buffer.alloc(0);
  /** offsets where its token begins and ends */
  let from = 0;
  let to = 0;
  const it = {
    dryRun: false,
    keep(body: Buffer, token: string, dryRun: boolean) {
      from = body.indexOf(token);
      to = from + token.length;
      // if the token's text occurs twice, one of the two may be another field
      good = from >= 0 && body.indexOf(token, to) < 0 ? Buffer.from(body) : Buffer.alloc(0);
      it.dryRun = dryRun;
    },
    tokenOf(body: Buffer): string | null {
      if (body.length !== good.length || body.length === 0) return null;
      if (body.compare(good, 0, from, 0, from) !== 0) return null;
      if (body.compare(good, to, good.length, to, body.length) !== 0) return null;
      const token = body.toString('latin1', from, to);
      return fcmTokenForm.test(token) ? token : null;
    },
  };
  return it;
}

function refuse(reason: string): Answer {
  const refusal = refusals[reason];
  if (!refusal) throw new Error(`FCM has no error code ${reason}`);
  const { code, message, status, errorCode } = refusal;
  return {
    status: code,
    headers: JSON_UTF8,
    body: JSON.stringify({
      error: {
        code,
        message,
        status,
        ...(errorCode && { details: [{ '@type': FCM_ERROR, errorCode }] }),
      },
    }),
    reason,
  };
}

const refused = (reason: string) => ({ refusal: refuse(reason) });

function invalid(message: string, faults: Violation[] = [], errorCode?: string) {
  const details = [
    ...(errorCode ? [{ '@type': FCM_ERROR, errorCode }] : []),
    ...(faults.length > 0 ? [{ '@type': BAD_REQUEST, fieldViolations: faults }] : []),
  ];
  const error = {
    code: 400,
    message,
    status: 'INVALID_ARGUMENT',
    ...(details.length > 0 && { details }),
  };
  const refusal: Answer = {
    status: 400,
    headers: JSON_UTF8,
    body: JSON.stringify({ error }),
    reason: 'INVALID_ARGUMENT',
  };
  return { refusal };
}

const violated = (field: string, description: string) =>
  invalid(description, [{ field, description }], 'INVALID_ARGUMENT');

const badToken = (): Answer =>
  violated('message.token', refusals.INVALID_ARGUMENT!.message).refusal;

const later = (answer: Answer, seconds: number): Answer => ({
  ...answer,
  headers: { ...answer.headers, 'retry-after': String(seconds) },
});

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
