/** The senders of a deployment: one for each app, provider and environment, made on first use. */

import { hash } from 'node:crypto';
import type { ClientCertificate } from '../http2/client/socket.ts';
import { createPool, type Pool } from '../http2/pool/pool.ts';
import type { Environment, Provider } from '../model/platform.ts';
import type { Log, Sender, Senders } from '../ports.ts';
import { type ApnsAccess, createApnsAccess } from './apns/access.ts';
import { createApnsSender } from './apns/sender.ts';
import { type ApnsTokenSource, createApnsToken } from './apns/token.ts';
import { createFcmSender } from './fcm/sender.ts';
import { createFcmToken, type FcmAuth } from './fcm/token.ts';

interface ApnsApp {
  /** the app's bundle id */
  topic: string;
  origins: Record<Environment, string>;
}

export interface ApnsKey {
  /** PEM */
  key: string;
  keyId: string;
}

export interface ApnsKeys extends ApnsApp, ApnsKey {
  teamId: string;
  /** takes over when the first is revoked */
  next?: ApnsKey;
}

export interface ApnsCertificate extends ApnsApp {
  certificate: ClientCertificate;
}

export type ApnsCredentials = ApnsKeys | ApnsCertificate;

export interface FcmCredentials {
  projectId: string;
  origin: string;
  auth: FcmAuth;
}

export interface AppCredentials {
  apns: ApnsCredentials | null;
  fcm: FcmCredentials | null;
}

/** A connection carries 1,000 streams; Apple takes many connections for an attack. */
const APNS_CONNECTIONS = 4;
/** 100 streams each: at 80 ms an answer ten carry the default quota of 10,000 messages a second. */
const FCM_CONNECTIONS = 10;

/** `ca`: PEM, trusted in place of the usual authorities. */
export function createSenders(
  apps: Record<string, AppCredentials>,
  { ca, log }: { ca?: string; log?: Pick<Log, 'apnsKeyRefused'> } = {},
): Senders & { close(): Promise<void> } {
  const senders = new Map<string, Sender>();
  const pools = new Map<string, Pool>();
  const accesses = new Map<string, ApnsAccess>();
  const tokens = new Map<string, ApnsTokenSource>();

  function poolOf(
    key: string,
    origin: string,
    maxConnections: number,
    certificate?: ClientCertificate,
  ): Pool {
    return once(pools, `${key} ${origin}`, () =>
      createPool({
        ...{ origin, maxConnections },
        ...(ca !== undefined && { ca }),
        ...(certificate && { certificate }),
      }),
    );
  }

  function accessOf(apns: ApnsCredentials, origin: string): ApnsAccess {
    if ('certificate' in apns) {
      const { certificate } = apns;
      const key = `apns certificate ${hash('sha256', JSON.stringify(certificate))}`;
      const pool = poolOf(key, origin, APNS_CONNECTIONS, certificate);
      return createApnsAccess({ pool, token: null });
    }
    const { teamId, next } = apns;
    const credential = ({ key, keyId }: ApnsKey) => {
      // each key has one token, whatever apps and environments it serves
      const name = `apns ${teamId} ${keyId}`;
      const token = once(tokens, name, () => createApnsToken({ key, keyId, teamId }));
      return { pool: poolOf(name, origin, APNS_CONNECTIONS), token };
    };
    return once(accesses, `${teamId} ${apns.keyId} ${next?.keyId} ${origin}`, () =>
      createApnsAccess(credential(apns), next && credential(next), (to) => {
        const ids = [apns.keyId, next!.keyId] as const;
        const [refused, used] = to === 'next' ? ids : [ids[1], ids[0]];
        log?.apnsKeyRefused({ keyId: refused, nowUsed: used });
      }),
    );
  }

  function make(app: string, provider: Provider, environment: Environment): Sender | null {
    const credentials = Object.hasOwn(apps, app) ? apps[app] : undefined;
    if (provider === 'apns') {
      const apns = credentials?.apns;
      if (!apns) return null;
      const access = accessOf(apns, apns.origins[environment]);
      return createApnsSender({ access, topic: apns.topic });
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
