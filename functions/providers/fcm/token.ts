/** Access tokens for FCM, by firebase-admin's credentials. */

import type { Credential } from 'firebase-admin/app';
import { withDeadline } from '../../lib/deadline.ts';

export type FcmAuth =
  | { kind: 'service-account'; json: object }
  | { kind: 'application-default' }
  /** for a server that checks nothing, such as a simulator */
  | { kind: 'placeholder' };

export interface FcmTokenSource {
  /** The token to send now. Rejects if none can be fetched. */
  current(): Promise<string>;
  /** After FCM refused `used`: the next call fetches another token. */
  forget(used: string): void;
}

/** Google's tokens live for an hour. A new one is fetched when less than this time is left. */
const MARGIN_MS = 5 * 60 * 1000;
const FETCH_DEADLINE_MS = 10_000;
/** A token with a very short lifetime is still used for this long. */
const MIN_AGE_MS = 30_000;

/** One fetch serves all callers that wait. `now` is in milliseconds. */
export function createFcmToken(
  auth: FcmAuth,
  { now = Date.now, credential }: { now?: () => number; credential?: Credential } = {},
): FcmTokenSource {
  let source: Credential | null = credential ?? null;
  let token = '';
  let validBefore = 0;
  let fetching: Promise<string> | null = null;

  if (auth.kind === 'placeholder')
    return { current: () => Promise.resolve('placeholder'), forget: () => {} };

  async function fetchToken(): Promise<string> {
    if (source === null) {
      // imported on first use: it takes tens of milliseconds, and a deployment may never send to FCM
      const { applicationDefault, cert } = await import('firebase-admin/app');
      source = auth.kind === 'service-account' ? cert(auth.json) : applicationDefault();
    }
    const { access_token, expires_in } = await source.getAccessToken();
    validBefore = now() + Math.max(MIN_AGE_MS, expires_in * 1000 - MARGIN_MS);
    token = access_token;
    return token;
  }

  return {
    current() {
      if (now() < validBefore) return Promise.resolve(token);
      fetching ??= withDeadline(fetchToken(), FETCH_DEADLINE_MS, 'an access token for FCM').finally(
        () => {
          fetching = null;
        },
      );
      return fetching;
    },
    forget(used) {
      if (used === token) validBefore = 0;
    },
  };
}
