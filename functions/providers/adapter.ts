/** What a folder of `providers/` gives: how its credentials are read, and senders made of them. */

import type { ClientCertificate } from '../http2/client/socket.ts';
import type { Pool } from '../http2/pool/pool.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Environment } from '../model/platform.ts';
import type { Provider } from '../model/provider/registry.ts';
import type { Log, Sender } from '../ports/ports.ts';
import type { CredentialReader } from './shared/credential-reader.ts';

/** An app's fields as they were given. */
export type RawFields = Readonly<Record<string, string | undefined>>;

export interface FieldSource {
  /** what a fault of that field names: an environment variable, or a path in the file of apps */
  nameOf(field: string): string;
  /** the folder that relative paths of files are seen from */
  base: string;
}

/** What all senders of a deployment share. */
export interface Shared {
  /** One pool for each key and origin, made on first use. `maxConnections`: of the whole process. */
  poolOf(key: string, origin: string, maxConnections: number, own?: ClientCertificate): Pool;
  log: Pick<Log, 'apnsKeyRefused'> | undefined;
}

/** Of credentials: they work, they do not, or the answer does not show it. */
export interface Verdict {
  state: 'well' | 'fault' | 'unknown';
  detail: string;
  /** what to do about it */
  next?: string;
}

/** `Taken` is `never` where adapters of several kinds are in one list. */
export interface ProviderAdapter<Credentials, Taken = Credentials> {
  readonly name: Provider;
  /** the fields of an app's credentials, each with the environment variable of the app `default` */
  readonly variables: Readonly<Record<string, string>>;
  /** fields that an app of the file must have */
  readonly required: readonly string[];
  /** Whether the environment describes the app `default` for this provider. */
  isGiven(raw: RawFields): boolean;
  /** Null where a fault was noted, or where nothing was given. */
  read(raw: RawFields, source: FieldSource, reader: CredentialReader): Credentials | null;
  /** What an answer to a push to `probe.token` of the description says of the credentials. */
  verdict(outcome: Outcome): Verdict;
  /** The verdict where only the sandbox accepts them; absent where there is no sandbox. */
  otherAlone?: () => Verdict;
  createFactory(shared: Shared): (credentials: Taken, environment: Environment) => Sender;
}
