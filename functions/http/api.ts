/**
 * The HTTP API: a Hono app on the ports. It runs under `@hono/node-server` as it is, and on the
 * Functions Framework's request and response through the same adapter.
 */

import { Hono } from 'hono';
import type { Check } from '../doctor/check.ts';
import { BadCursor, Unavailable } from '../lib/errors.ts';
import type { Rate } from '../lib/token-bucket.ts';
import type { DeadLetters, Ports } from '../ports/ports.ts';
import { appCalls } from './apps.ts';
import { audienceCalls } from './audiences.ts';
import { type ClientAddress, socketAddress } from './auth/address.ts';
import { createAuthorize } from './auth/authorize.ts';
import type { FindPerson } from './auth/firebase-users.ts';
import {
  createAdmit,
  type RegistrationLimits,
  registrationLimits,
} from './auth/registration-key.ts';
import { createAdmitPerson, personRate } from './auth/signed-in.ts';
import { campaignCalls } from './campaigns/campaigns.ts';
import { estimateCall } from './campaigns/estimate.ts';
import { eventsCall } from './campaigns/events.ts';
import { createLive } from './campaigns/live.ts';
import { testCall } from './campaigns/test-send.ts';
import { type Call, serve } from './core/call.ts';
import { answerProblem } from './core/problem.ts';
import { deadLetterCalls, noDeadLetters } from './dead-letters.ts';
import { doctorCall } from './doctor.ts';
import { importCall } from './installations/import.ts';
import { installationCalls } from './installations/installations.ts';
import { normalizeCall } from './installations/normalize.ts';
import { pruneCall } from './installations/prune.ts';
import { keyCalls } from './keys.ts';
import { messageCall } from './messages.ts';
import { renderCall } from './render.ts';
import { scheduleCalls } from './schedules/schedules.ts';
import { segmentCalls } from './segments.ts';
import { serviceCalls } from './service/service.ts';
import { triggerCalls } from './triggers/triggers.ts';
import { userCalls } from './users.ts';
import { webhookCalls } from './webhooks/webhooks.ts';

export interface ApiOptions {
  /** finds the Firebase user of an ID token; without it only API keys are taken */
  findPerson?: FindPerson;
  /** the checks of `volley doctor` */
  checks?: Check[];
  /** of an engine that keeps events that no subscriber took */
  deadLetters?: DeadLetters;
  /** true if webhooks may use http and addresses of this machine */
  isLocal?: boolean;
  /** fires when the server stops */
  stop?: AbortSignal;
  /** the client's address; the other end of the connection unless proxies are in between */
  clientAddress?: ClientAddress;
  limits?: RegistrationLimits;
  /** of each Firebase user */
  perPerson?: Rate;
}

const never = new AbortController().signal;

export function createApi(
  ports: Ports,
  {
    findPerson,
    checks = [],
    deadLetters = noDeadLetters,
    isLocal = false,
    stop = never,
    clientAddress = socketAddress,
    limits = registrationLimits,
    perPerson = personRate,
  }: ApiOptions = {},
) {
  const app = new Hono();

  app.use(async (c, next) => {
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
    await next();
  });

  app.notFound((c) =>
    answerProblem(c, 'not-found', `${c.req.path} is not an address of this API.`),
  );

  app.onError((error, c) => {
    if (error instanceof BadCursor) {
      const path = c.req.method === 'GET' ? 'query.after' : 'after';
      const faults = [{ path, message: 'must be the `next` of an answer of this call' }];
      return answerProblem(c, 'invalid-request', 'The request has a fault.', { faults });
    }
    ports.log.unexpected({ where: `${c.req.method} ${c.req.path}`, error });
    return error instanceof Unavailable
      ? answerProblem(c, 'unavailable', 'The request cannot be served now.')
      : answerProblem(c, 'unexpected', 'The request failed.');
  });

  const calls: Call[] = [
    ...campaignCalls(ports),
    messageCall(ports),
    renderCall(ports),
    ...appCalls(ports),
    eventsCall(createLive(ports), { stop }),
    testCall(ports),
    importCall(ports),
    pruneCall(ports),
    normalizeCall(ports),
    ...installationCalls(ports, createAdmit(limits, clientAddress, ports.now)),
    ...userCalls(ports),
    ...keyCalls(ports),
    ...scheduleCalls(ports),
    doctorCall(checks),
    ...triggerCalls(ports),
    ...deadLetterCalls(deadLetters),
    ...webhookCalls(ports, isLocal),
    ...segmentCalls(ports),
    ...audienceCalls(ports),
    estimateCall(ports),
    ...serviceCalls(ports, () => calls),
  ];
  const authorize = createAuthorize(ports.store, ports.now, findPerson);
  serve(app, calls, { authorize, admit: createAdmitPerson(perPerson, ports.now) });
  return app;
}
