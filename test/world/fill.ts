import { hashKey, makeKey } from '../../functions/http/auth/authorize.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { holds } from '../until.ts';
import { sample } from './sample.ts';

const BATCH = 1_000;

/** Writes the first `count` samples and an API key to a store. Returns the key, which has all scopes that journeys need. */
export async function fill(store: Store, installations: number): Promise<string> {
  for (let from = 0; from < installations; from += BATCH) {
    const size = Math.min(BATCH, installations - from);
    const batch = Array.from({ length: size }, (_, i) => sample(from + i));
    // an emulator that is busy ends transactions that have waited for long; to write them again is harmless
    await holds(() => store.putInstallations(batch));
  }
  const key = makeKey();
  await store.putKey({
    hash: hashKey(key),
    name: 'test',
    scopes: ['campaigns', 'installations', 'read'],
  });
  return key;
}
