/**
 * The adapters of the providers. What the rest of Volley knows about them is in
 * `model/provider/list.ts`. A provider is one folder here, an entry in each of the two lists, and its
 * queues and its function in `infra/` (docs/how-to/provider.md).
 */

import type { Provider } from '../model/provider/registry.ts';
import type { ProviderAdapter } from './adapter.ts';
import { apns } from './apns/adapter.ts';
import type { ApnsCredentials } from './apns/credentials.ts';
import { fcm } from './fcm/adapter.ts';
import type { FcmCredentials } from './fcm/credentials.ts';

/** The credentials of an app; null if it has none for that provider. */
export interface AppCredentials {
  apns: ApnsCredentials | null;
  fcm: FcmCredentials | null;
}

/** Each adapter gets only credentials that it has read itself. */
export const adapters: readonly ProviderAdapter<unknown, never>[] = [apns, fcm];

/** The adapter of a provider; undefined if `all` has none. */
export const adapterOf = (provider: Provider, all = adapters) =>
  all.find(({ name }) => name === provider);
