/**
 * Sign-in as a Firebase user, loaded only where that is the way. Google's page is a redirect that comes
 * back with an ID token in the fragment; Firebase exchanges it. Its popup resolver is not used: it would
 * load scripts and frames of other sites, which our Content-Security-Policy refuses.
 * https://developers.google.com/identity/openid-connect/openid-connect#implicitflow
 */

import { initializeApp } from '@firebase/app';
import {
  type Auth,
  GoogleAuthProvider,
  indexedDBLocalPersistence,
  initializeAuth,
  signInWithCredential,
  signOut,
} from '@firebase/auth';
import type { SignInKind } from './kind.ts';

type Google = Extract<SignInKind, { kind: 'google' }>;

const GOOGLE = 'https://accounts.google.com/o/oauth2/v2/auth';
/** What was sent to Google, until it comes back. */
const PENDING = 'volley-sign-in';

interface Pending {
  state: string;
  nonce: string;
  /** where to go on */
  path: string;
}

let auth: Auth | null = null;

/**
 * Takes up the sign-in of earlier, or the one that Google's page has just sent back. Gives the headers of
 * a call: Firebase renews the token every hour.
 */
export async function resume({ apiKey, projectId }: Google) {
  auth = initializeAuth(initializeApp({ apiKey, projectId }), {
    persistence: indexedDBLocalPersistence,
  });
  const token = returnedToken();
  if (token !== null)
    await signInWithCredential(auth, GoogleAuthProvider.credential(token)).catch(console.error);
  await auth.authStateReady();
  return async (): Promise<Record<string, string>> => {
    const bearer = await auth?.currentUser?.getIdToken();
    return bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
  };
}

/** Leaves for Google's page. */
export function begin({ clientId }: Google, random: () => string = () => crypto.randomUUID()) {
  const pending: Pending = {
    state: random(),
    nonce: random(),
    path: location.pathname + location.search,
  };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: `${location.origin}/console/`,
    response_type: 'id_token',
    scope: 'openid email',
    state: pending.state,
    nonce: pending.nonce,
    prompt: 'select_account',
  });
  location.assign(`${GOOGLE}?${query}`);
}

export const end = async () => {
  if (auth) await signOut(auth);
};

/** The ID token in the fragment; null if there is none, or if it is not the answer to our question. */
function returnedToken(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('id_token');
  const kept = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  if (token === null || kept === null) return null;
  const { state, nonce, path } = JSON.parse(kept) as Pending;
  history.replaceState(null, '', path);
  return fragment.get('state') === state && nonceIn(token) === nonce ? token : null;
}

/** Firebase verifies the token; that it was made for this very sign-in is ours to see. */
function nonceIn(token: string): unknown {
  try {
    const body = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    return (JSON.parse(atob(body)) as { nonce?: unknown }).nonce;
  } catch {
    return null;
  }
}
