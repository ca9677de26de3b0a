/** Stores on the emulator, each in a project of its own. */

import type { TestContext } from 'node:test';
import type { Store } from '../../../functions/ports/ports.ts';
import {
  createFirestoreStore,
  type FirestoreStoreOptions,
} from '../../../functions/store/firestore.ts';
import { atNow } from '../../contracts/store-fixture.ts';
import { freshProject } from '../../emulators.ts';
import { PATIENT_MS } from '../../until.ts';
import { type FirestoreProxy, startProxy } from './proxy.ts';

const HOST = 'FIRESTORE_EMULATOR_HOST';
export const emulator = process.env[HOST] ?? '';

/** `host` is the emulator's, or a proxy's in front of it. */
export function openStore(
  t: TestContext,
  host = emulator,
  options: Partial<FirestoreStoreOptions> = {},
): Store {
  // the SDK puts the variable above everything it is told
  process.env[HOST] = host;
  const store = createFirestoreStore({
    project: freshProject(),
    emulator: host,
    deadlineMs: PATIENT_MS,
    // the emulator cuts a connection that is pinged each half minute, and with it what is under way
    keepAliveMs: PATIENT_MS,
    now: atNow,
    ...options,
  });
  process.env[HOST] = emulator;
  t.after(() => store.close());
  return store;
}

export async function openThroughProxy(
  t: TestContext,
  options: Partial<FirestoreStoreOptions> = {},
): Promise<{ store: Store; proxy: FirestoreProxy }> {
  const proxy = await startProxy(emulator);
  const store = openStore(t, proxy.host, options);
  // hooks run in the order they were given: the store is closed by then
  t.after(() => proxy.stop());
  return { store, proxy };
}
