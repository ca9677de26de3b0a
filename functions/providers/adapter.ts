/** What a folder of `providers/` provides: how to read its credentials, and how to make senders. */

import type { ClientCertificate } from '../http2/client/socket.ts';
import type { Pool } from '../http2/pool/pool.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Environment } from '../model/platform.ts';
import type { Provider } from '../model/provider/registry.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Log, Sender } from '../ports/ports.ts';
import type { CredentialReader } from './shared/credential-reader.ts';

/** The fields of an app's credentials as they were given. */
export type RawFields = Readonly<Record<string, string | undefined>>;

export interface FieldSource {
  /** the name of a field in a fault: an environment variable, or a path in the file of apps */
  nameOf(field: string): string;
  /** the folder that relative file paths start from */
  base: string;
}

/** Shared by all senders of a deployment. */
export interface Shared {
  /** One pool for each key and origin, made on first use. `maxConnections` counts the whole process. */
  poolOf(key: string, origin: string, maxConnections: number, own?: ClientCertificate): Pool;
  log: Pick<Log, 'apnsKeyRefused'> | undefined;
}

/** `Taken` is `never` in a list of adapters with different credentials. */
export interface ProviderAdapter<Credentials, Taken = Credentials> {
  readonly name: Provider;
  /** the fields of an app's credentials, each with the environment variable of the app `default` */
  readonly variables: Readonly<Record<string, string>>;
  /** fields that an app of the file must have */
  readonly required: readonly string[];
  /** Whether the environment describes the app `default` for this provider. */
  isGiven(raw: RawFields): boolean;
  /** Returns null if a fault was noted, or if nothing was given. */
  read(raw: RawFields, source: FieldSource, reader: CredentialReader): Credentials | null;
  /** Where pushes of apps of the store go: the provider's own, or another for tests. */
  originOf(credentials: Taken): string;
  /** What the outcome of a push to `probe.token` of the description says about the credentials. */
  verdict(outcome: Outcome): Verdict;
  /** The verdict if only the sandbox accepts them; absent if the provider has no sandbox. */
  otherAlone?: () => Verdict;
  createFactory(shared: Shared): (credentials: Taken, environment: Environment) => Sender;
}
