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
  type User,
} from '@firebase/auth';
import { lost, type Problem } from '../api/client.ts';
import { texts } from '../texts/texts.ts';
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

interface Resumed {
  /** of a call: Firebase renews the token every hour; none once it cannot */
  headers(): Promise<Record<string, string>>;
  /** why the sign-in that came back from Google was not taken; null if it was, or if there is none */
  problem: Problem | null;
}

/** Takes up the sign-in of earlier, or the one that Google's page has just sent back. */
export async function resume({ apiKey, projectId }: Google): Promise<Resumed> {
  auth = initializeAuth(initializeApp({ apiKey, projectId }), {
    persistence: indexedDBLocalPersistence,
  });
  const problem = await takeReturned(auth);
  await auth.authStateReady();
  return { headers: () => headersOf(auth?.currentUser ?? null), problem };
}

async function headersOf(user: User | null): Promise<Record<string, string>> {
  if (user === null) return {};
  try {
    return { Authorization: `Bearer ${await user.getIdToken()}` };
  } catch (error) {
    if (isOffline(error)) throw error;
    // disabled, deleted or revoked: the API says so to a call without a token
    return {};
  }
}

async function takeReturned(auth: Auth): Promise<Problem | null> {
  const returned = returnedToken();
  if (returned === 'none') return null;
  if (returned === 'not asked') return refused(texts.session.notAsked);
  try {
    await signInWithCredential(auth, GoogleAuthProvider.credential(returned.token));
    return null;
  } catch (error) {
    return isOffline(error) ? lost() : refused(texts.session.refused(codeOf(error)));
  }
}

const codeOf = (error: unknown) => String((error as { code?: unknown }).code ?? error);
const isOffline = (error: unknown) => codeOf(error) === 'auth/network-request-failed';

const refused = (detail: string): Problem => ({
  type: 'about:blank',
  title: texts.session.notTaken,
  status: 401,
  detail,
  next: texts.session.again,
});

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

/** Signs out in every tab of this browser. */
export async function end() {
  if (auth) await signOut(auth);
  location.assign('/console/');
}

/** The ID token in the fragment, which is taken out of the address. */
function returnedToken(): { token: string } | 'none' | 'not asked' {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('id_token');
  const kept = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  if (token === null) return 'none';
  const asked = kept === null ? null : (JSON.parse(kept) as Pending);
  history.replaceState(null, '', asked?.path ?? location.pathname + location.search);
  const isOurs = asked !== null && fragment.get('state') === asked.state;
  return isOurs && nonceIn(token) === asked.nonce ? { token } : 'not asked';
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
