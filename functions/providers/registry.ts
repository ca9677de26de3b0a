/**
 * The adapters of the providers. What the rest of Volley has to know of them is in
 * `model/provider/list.ts`; a provider is one folder here, an entry in each list, and its queues and
 * function in `infra/` (docs/how-to/provider.md).
 */

import type { Provider } from '../model/provider/registry.ts';
import type { ProviderAdapter } from './adapter.ts';
import { apns } from './apns/adapter.ts';
import type { ApnsCredentials } from './apns/credentials.ts';
import { fcm } from './fcm/adapter.ts';
import type { FcmCredentials } from './fcm/credentials.ts';

/** Null: the app has no credentials for that provider. */
export interface AppCredentials {
  apns: ApnsCredentials | null;
  fcm: FcmCredentials | null;
}

// each is given only what it has read itself
export const adapters: readonly ProviderAdapter<unknown, never>[] = [apns, fcm];

export const adapterOf = (provider: Provider, all = adapters) =>
  all.find(({ name }) => name === provider);
