/**
 * The documents of installations, imports and audiences: how each collection names them, and their
 * fields.
 */

import type { Timestamp } from '@google-cloud/firestore';
import type { Installation } from '../../model/installation.ts';
import type { UploadKind } from '../../model/upload.ts';

/** Named `{app}~{bucket, 8 hex digits}~{id}`: the order of names is that of (bucket, id). */
export interface InstallationFields {
  /** indexed */
  platform: Installation['platform'];
  provider: Installation['provider'];
  environment: Installation['environment'];
  token: string;
  language?: string | undefined;
  /** indexed; the keys of the languages it reads (pt-BR and pt), each alone and with its platform */
  spoken?: string[] | undefined;
  /** indexed */
  timeZone?: string | undefined;
  country?: string | undefined;
  appVersion?: string | undefined;
  /** there only if so */
  optedOut?: true;
  /** there only if there are some */
  optedOutOf?: string[] | undefined;
  permission?: Installation['permission'];
  /** indexed */
  userId?: string | undefined;
  /** indexed */
  tags: string[];
  /** JSON: names that Firestore keeps for itself are allowed here */
  attributes?: string;
  refreshedAt: number;
  /** when its time zone last changed (ms); there only if it did */
  movedAt?: number | undefined;
  /** indexed; `changedName`: when it last changed. Not there: an earlier version wrote it */
  changed?: string;
}

/** Named by `goneName`: installations of a cell that one transaction has removed. */
export interface GoneFields {
  ids: string[];
  expireAt: Timestamp;
}

/** Named `{app}~`: how its installations are divided into pages. */
export interface LayoutFields {
  /** there are 2^level pages */
  level: number;
  /** pages are built from then on (ms, Firestore's clock) */
  from: number;
}

/** Named `{app}~{level}~{number}`. Without rows it is empty, which is as good as absent. */
export interface PageFields {
  /** of the rows */
  format: number;
  /** the page has all changes with an earlier marker (ms) */
  through: number;
  /** rows */
  n: number;
  rows?: Uint8Array;
  expireAt: Timestamp;
}

/** Named as an installation is: who registers again keeps the count, and it may come first. */
export interface BadgeFields {
  count: number;
}

/** Named by chance: whose installations were that one transaction has taken from their users. */
export interface FormerFields {
  /** indexed: hashes of the users */
  users: string[];
  /** indexed: hashes of apps and ids */
  devices: string[];
  /** `FormerRow[]` as compressed JSON */
  rows: Uint8Array;
  until: number;
  expireAt: Timestamp;
}

/** What an earlier version has written, named `{hash of the user}~{hash}`: one installation. */
export interface OlderFormerFields {
  app: string;
  id: string;
  token: string;
  /** indexed: a hash of app and id */
  device: string;
  until: number;
}

/** One document: who was erased in the last minutes. */
export interface ErasuresFields {
  /**
   * by the digest of a `deviceKey`: the time until which it matters; only ever added to by erasures
   */
  until: Record<string, number>;
  /** every freeze of a page reads this document */
  expireAt: Timestamp;
}

/** Named by a hash of the run. */
export interface ImportFields {
  beganAt: number;
}

/** Named `{import}~{part of the buckets}~{hash}`: installations that a run has seen there. */
export interface SeenFields {
  /** `app TAB id` a line */
  seen: string;
  expireAt: Timestamp;
}

/** Named `{app}~{name}`. */
export interface SegmentFields {
  /** JSON of the `AudienceExpression` */
  audience: string;
  updatedAt: number;
}

/** Named by its id. */
export interface UploadFields {
  app: string;
  of: UploadKind;
  size: number | null;
  createdAt: number;
  expiresAt: number;
  expireAt: Timestamp;
}

/** Named `{upload}~{part of the buckets}~{hash}`: some of its names that lie there. */
export interface NamesFields {
  /** JSON */
  names: string;
  expireAt: Timestamp;
}

/** Named by a hash of the app and the token: which installation has it. */
export interface TokenFields {
  id: string;
}
