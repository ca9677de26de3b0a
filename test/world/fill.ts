import { hashKey, makeKey } from '../../functions/http/auth/authorize.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { sample } from './sample.ts';

const BATCH = 1_000;

/** Writes the first `count` samples and an API key to a store. Returns the key, which has all scopes that journeys need. */
export async function fill(store: Store, installations: number): Promise<string> {
  for (let from = 0; from < installations; from += BATCH) {
    const size = Math.min(BATCH, installations - from);
    await store.putInstallations(Array.from({ length: size }, (_, i) => sample(from + i)));
  }
  const key = makeKey();
  await store.putKey({
    hash: hashKey(key),
    name: 'test',
    scopes: ['campaigns', 'installations', 'read'],
  });
  return key;
}
