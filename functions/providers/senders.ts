/** The senders of a deployment: one for each app, provider and environment, made on first use. */

import { createPool, type Pool } from '../http2/pool.ts';
import type { Environment, Provider } from '../pipeline/installation.ts';
import type { Sender, Senders } from '../ports.ts';
import { createApnsSender } from './apns.ts';
import { type ApnsTokenSource, createApnsToken } from './apns-token.ts';
import { createFcmSender } from './fcm.ts';
import { createFcmToken, type FcmAuth } from './fcm-token.ts';

export interface ApnsCredentials {
  /** PEM */
  key: string;
  keyId: string;
  teamId: string;
  /** the app's bundle id */
  topic: string;
  origins: Record<Environment, string>;
}

export interface FcmCredentials {
  projectId: string;
  origin: string;
  auth: FcmAuth;
}

export interface AppCredentials {
  apns: ApnsCredentials | null;
  fcm: FcmCredentials | null;
}

export const APNS_ORIGINS: Record<Environment, string> = {
  production: 'https://api.push.apple.com',
  sandbox: 'https://api.sandbox.push.apple.com',
};
export const FCM_ORIGIN = 'https://fcm.googleapis.com';

/** A connection carries 1,000 streams; Apple takes many connections for an attack. */
const APNS_CONNECTIONS = 4;
/** 100 streams each: at 80 ms an answer ten carry the default quota of 10,000 messages a second. */
const FCM_CONNECTIONS = 10;

/** `ca`: PEM, trusted in place of the usual authorities. */
export function createSenders(
  apps: Record<string, AppCredentials>,
  { ca }: { ca?: string } = {},
): Senders & { close(): Promise<void> } {
  const senders = new Map<string, Sender>();
  const pools = new Map<string, Pool>();
  const tokens = new Map<string, ApnsTokenSource>();

  function poolOf(key: string, origin: string, maxConnections: number): Pool {
    return once(pools, `${key} ${origin}`, () =>
      createPool({ origin, maxConnections, ...(ca !== undefined && { ca }) }),
    );
  }

  function make(app: string, provider: Provider, environment: Environment): Sender | null {
    const credentials = Object.hasOwn(apps, app) ? apps[app] : undefined;
    if (provider === 'apns') {
      const apns = credentials?.apns;
      if (!apns) return null;
      // tokens of two keys on one connection are refused, and each key has one token
      const key = `apns ${apns.teamId} ${apns.keyId}`;
      const token = once(tokens, key, () => createApnsToken(apns));
      const pool = poolOf(key, apns.origins[environment], APNS_CONNECTIONS);
      return createApnsSender({ pool, token, topic: apns.topic });
    }
    const fcm = credentials?.fcm;
    if (!fcm) return null;
    // FCM has one environment, and takes any project's messages on a connection
    if (environment !== 'production') return get(app, provider, 'production');
    const pool = poolOf('fcm', fcm.origin, FCM_CONNECTIONS);
    return createFcmSender({ pool, token: createFcmToken(fcm.auth), projectId: fcm.projectId });
  }

  function get(app: string, provider: Provider, environment: Environment): Sender | null {
    const key = `${provider} ${environment} ${app}`;
    const sender = senders.get(key) ?? make(app, provider, environment);
    if (sender !== null) senders.set(key, sender);
    return sender;
  }

  return {
    get,
    async close() {
      await Promise.all(Array.from(pools.values(), (pool) => pool.close()));
    },
  };
}

function once<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const found = kept.get(key);
  if (found !== undefined) return found;
  const made = make();
  kept.set(key, made);
  return made;
}
