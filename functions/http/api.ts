/**
 * The HTTP API: a Hono app on the ports. It runs under `@hono/node-server` as it is, and on the
 * Functions Framework's request and response through the same adapter.
 *
 * It knows who calls before it loads what is called: nothing is loaded for a stranger.
 */

import type { Hono } from 'hono';
import type { Check } from '../doctor/check.ts';
import { createdOnce } from '../lib/created-once.ts';
import type { Rate } from '../lib/token-bucket.ts';
import type { DeadLetters, Ports } from '../ports/ports.ts';
import { type ClientAddress, socketAddress } from './auth/address.ts';
import { createAuthorize } from './auth/authorize.ts';
import type { FindPerson } from './auth/firebase-users.ts';
import {
  createRegistrationLimit,
  type RegistrationLimits,
  receiptLimits,
  registrationLimits,
} from './auth/registration-key.ts';
import { createAdmitPerson, personRate } from './auth/signed-in.ts';
import { createApp } from './core/app.ts';
import type { Access } from './core/call.ts';
import { allowOrigin, answerPreflight } from './core/cross-origin.ts';
import { type Resource, resourceAt, type Served } from './resources.ts';

export interface ApiOptions {
  /** finds the Firebase user of an ID token; without it only API keys are taken */
  findPerson?: FindPerson;
  /** makes the checks of `volley doctor`, at its first request */
  checks?: () => Promise<Check[]>;
  /** loads what the ports still lack, before the first resource is loaded */
  ready?: () => Promise<void>;
  /** of an engine that keeps events that no subscriber took */
  deadLetters?: DeadLetters;
  /** true if webhooks may use http and addresses of this machine */
  isLocal?: boolean;
  /** true if the providers are simulated, which `GET /v1/me` says */
  isSimulated?: boolean;
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
    checks = async () => [],
    ready = async () => {},
    deadLetters,
    isLocal = false,
    isSimulated = false,
    stop = never,
    clientAddress = socketAddress,
    limits = registrationLimits,
    perPerson = personRate,
  }: ApiOptions = {},
) {
  const served: Served = {
    ports,
    admit: createRegistrationLimit(limits, clientAddress, ports.now).admit,
    receipts: createRegistrationLimit(receiptLimits, clientAddress, ports.now),
    checks,
    deadLetters,
    isLocal,
    isSimulated,
    stop,
  };
  const access = {
    authorize: createAuthorize(ports.store, ports.now, findPerson),
    admit: createAdmitPerson(perPerson, ports.now),
  };
  const apps = new Map<Resource['load'], Promise<Hono>>();
  const appOf = ({ load }: Resource) =>
    createdOnce(apps, load, async () => {
      await ready();
      return loadApp(served, access, load);
    });

  const door = createApp(ports.log);
  door.use(async (c, next) => {
    const preflight = answerPreflight(c);
    if (preflight) return preflight;
    const resource = resourceAt(c.req.path);
    if (!resource) return next();
    const refusal = resource.isPublic ? null : await access.authorize(c, null);
    const answer = refusal ?? (await (await appOf(resource)).fetch(c.req.raw, c.env));
    return allowOrigin(c, answer);
  });
  return door;
}

async function loadApp(served: Served, access: Access, load: Resource['load']): Promise<Hono> {
  const [calls, { serve }] = await Promise.all([load(served), import('./core/call.ts')]);
  const app = createApp(served.ports.log);
  serve(app, calls, access);
  return app;
}
