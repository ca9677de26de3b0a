/** The policy of an app: looked up for each campaign that is accepted, which keeps a copy. */

import { createdOnce } from '../lib/created-once.ts';
import { freshAnswer, type KeptAnswer } from '../lib/fresh-answer.ts';
import { type AppPolicy, policyOf } from '../model/app-policy.ts';
import type { Ports, Store } from '../ports/ports.ts';

/**
 * Cache TTL in ms, as that of API keys: without it, a message would cost a read more. A change takes effect
 * immediately in the process that made it, and in others after that long.
 */
const KNOWN_MS = 30 * 1000;
/** Apps in the cache. An app that was dropped costs one more read. */
const MAX_KNOWN = 1_000;

/** By store: a process has one, a test may have several. */
const known = new WeakMap<Store, Map<string, KeptAnswer<AppPolicy>>>();

/** The policy that a campaign of this app keeps if it is accepted now. Throws when the store fails. */
export function appPolicy(
  { store, now }: Pick<Ports, 'store' | 'now'>,
  app: string,
): Promise<AppPolicy> {
  const apps = createdOnce(known, store, () => new Map<string, KeptAnswer<AppPolicy>>());
  const ask = () => store.getAppPolicy(app).then(policyOf);
  return freshAnswer(apps, app, ask, { now, ageMs: KNOWN_MS, most: MAX_KNOWN });
}

/** Stores the policy of an app, for campaigns that are accepted from now on. Throws when the store fails. */
export async function putAppPolicy(
  { store, log }: Pick<Ports, 'store' | 'log'>,
  { app, policy, by }: { app: string; policy: AppPolicy; by: string },
): Promise<void> {
  await store.putAppPolicy(app, policy);
  known.get(store)?.delete(app);
  log.appPolicyChanged({ app, by });
}
