/** Who is signed in, and how. A session that ends leaves the screen as it is, with what was typed. */

import { computed, signal } from '@preact/signals';
import type { MeView } from '../../http/me.ts';
import type { Scope } from '../../model/key.ts';
import { api, type Problem, useDoor } from '../api/client.ts';
import { texts } from '../texts/texts.ts';
import type { Deployment } from './kind.ts';

export const me = signal<MeView | null>(null);

/**
 * unknown   the first answer is not here yet
 * out       not signed in; the screens are not shown
 * in        signed in
 * ended     was signed in; the screens stay, a banner says what to do
 */
export const session = signal<'unknown' | 'out' | 'in' | 'ended'>('unknown');
/** Why the sign-in failed; null if it did not. */
export const signInProblem = signal<Problem | null>(null);

const deployment: Deployment = JSON.parse(
  document.querySelector<HTMLMetaElement>('meta[name=volley]')!.content,
);
export const signInKind = () => deployment.signIn;

/** Signs in, as far as that goes without a person. After that, calls of the API can be made. */
export async function start() {
  const kind = signInKind();
  const { headers, problem } =
    kind.kind === 'google'
      ? await (await import('./google.ts')).resume(kind)
      : { headers: async () => ({}), problem: null };
  signInProblem.value = problem;
  useDoor({
    headers,
    ended() {
      session.value = me.value === null ? 'out' : 'ended';
    },
  });
  if (kind.kind === 'code') await exchange();
  void askWho();
  // the sign-in may have been renewed in another tab or window
  const look = () => {
    if (document.visibilityState === 'visible' && session.value !== 'in') void askWho();
  };
  document.addEventListener('visibilitychange', look);
  addEventListener('focus', look);
}

/** ms until it is asked again who is signed in, if no answer came. */
const AGAIN_MS = 2_000;
let isAsking = false;

async function askWho() {
  if (isAsking) return;
  isAsking = true;
  const answer = await api.get<MeView>('/v1/me');
  isAsking = false;
  if (answer.ok) {
    me.value = answer.value;
    session.value = 'in';
    return;
  }
  const { status } = answer.problem;
  if (status !== 401) signInProblem.value = answer.problem;
  if (status === 0 || status >= 429) setTimeout(() => void askWho(), answer.retryMs ?? AGAIN_MS);
}

/** Resolves once the session goes on, or at the end. */
export async function renewed(end: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = session.subscribe((it) => it === 'in' && resolve());
  const onEnd = () => resolve();
  end.addEventListener('abort', onEnd);
  if (end.aborted) resolve();
  await promise;
  stop();
  end.removeEventListener('abort', onEnd);
}

/** The code is in the fragment, which browsers do not send: it is in no log and no referrer. */
async function exchange() {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code === null) return;
  history.replaceState(null, '', location.pathname + location.search);
  const answer = await api.post('/console/session', { code });
  if (!answer.ok) signInProblem.value = answer.problem;
}

/** Scopes of which each lets a caller look at campaigns, schedules and apps. */
export const MAY_LOOK: Scope[] = ['read', 'campaigns'];

const has = (scopes: Scope[]) => scopes.some((it) => me.value?.scopes.includes(it));

/**
 * Why a control is disabled for this caller, who needs one of the scopes; null if it is not, or if it is
 * not known who calls.
 */
export const whyNot = (...scopes: Scope[]): string | null =>
  !me.value || has(scopes) ? null : texts.session.lacks(me.value.name, scopes[0]!);

/** The path, once it is known that the caller has one of the scopes; null until then, and if not. */
export const ifMay = (path: string, ...scopes: Scope[]): string | null =>
  has(scopes) ? path : null;

export const isSimulated = computed(() => me.value?.simulated ?? deployment.simulated);
