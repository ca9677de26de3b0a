import { hash } from 'node:crypto';
import { createdOnce } from '../../lib/created-once.ts';
import type { ProviderAdapter, Shared } from '../adapter.ts';
import { type ApnsAccess, createApnsAccess } from './access.ts';
import { type ApnsCredentials, type ApnsKey, apnsVariables, readApns } from './credentials.ts';
import { createApnsSender } from './sender.ts';
import { type ApnsTokenSource, createApnsToken } from './token.ts';
import { apnsVerdict, sandboxAlone } from './verdict.ts';

/** A connection carries 1,000 streams, and Apple treats many connections as an attack. */
export const MAX_CONNECTIONS = 4;

export const apns: ProviderAdapter<ApnsCredentials> = {
  name: 'apns',
  variables: apnsVariables,
  required: [],
  isGiven: (raw) => Object.values(raw).some(Boolean),
  read: readApns,
  originOf: ({ origins }) => origins.production,
  verdict: apnsVerdict,
  otherAlone: sandboxAlone,
  createFactory(shared) {
    const accessOf = createAccesses(shared);
    return (credentials, environment) =>
      createApnsSender({
        access: accessOf(credentials, credentials.origins[environment]),
        topic: credentials.topic,
      });
  },
};

function createAccesses({ poolOf, log }: Shared) {
  const tokens = new Map<string, ApnsTokenSource>();
  const accesses = new Map<string, ApnsAccess>();

  function credentialOf({ key, keyId }: ApnsKey, teamId: string, origin: string) {
    // each key has one token for all its apps and environments
    const name = `apns ${teamId} ${keyId}`;
    const token = createdOnce(tokens, name, () => createApnsToken({ key, keyId, teamId }));
    return { pool: poolOf(name, origin, MAX_CONNECTIONS), token };
  }

  return (credentials: ApnsCredentials, origin: string): ApnsAccess => {
    if ('certificate' in credentials) {
      const { certificate } = credentials;
      const key = `apns certificate ${hash('sha256', JSON.stringify(certificate))}`;
      const pool = poolOf(key, origin, MAX_CONNECTIONS, certificate);
      return createApnsAccess({ pool, token: null });
    }
    const { teamId, keyId, next } = credentials;
    return createdOnce(accesses, `${teamId} ${keyId} ${next?.keyId} ${origin}`, () =>
      createApnsAccess(
        credentialOf(credentials, teamId, origin),
        next && credentialOf(next, teamId, origin),
        (to) => {
          const ids = [keyId, next!.keyId] as const;
          const [refused, used] = to === 'next' ? ids : [ids[1], ids[0]];
          log?.apnsKeyRefused({ keyId: refused, nowUsed: used });
        },
      ),
    );
  };
}
