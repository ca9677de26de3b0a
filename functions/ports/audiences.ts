/** Whom a campaign is for: read in the order of buckets, saved, or brought as a file. */

import type { Installation } from '../model/installation.ts';
import type { Audience, AudienceExpression } from '../model/schemas/audience.ts';
import type { Page } from './page.ts';

/** Buckets from (inclusive) to (exclusive). */
export interface BucketRange {
  from: number;
  to: number;
}

/** Where a reader of an audience stands: the last installation it has seen. */
export interface Cursor {
  bucket: number;
  id: string;
}

/** What an audience's page may carry of its installations, if it is asked to. */
export type Carried = 'platform' | 'language' | 'attributes' | 'refreshedAt';

export type Reached = Pick<Installation, 'id' | 'provider' | 'environment' | 'token'> &
  Partial<Pick<Installation, Carried>>;

export interface AudiencePage {
  installations: Reached[];
  /** the last installation of this page, or of what was looked through to fill it */
  cursor: Cursor;
  /** looked at since the page before and not in the audience, where the adapter looks at each */
  leftOut?: number;
}

/** An audience that was saved under a name. */
export interface Segment {
  app: string;
  name: string;
  audience: AudienceExpression;
  updatedAt: number;
}

/** What the names of an upload are. */
export const uploadKinds = ['installationIds', 'userIds', 'tokens'] as const;
export type UploadKind = (typeof uploadKinds)[number];

/** An audience that came as a file: names, each once, in the order of (bucketOf(name), name). */
export interface Upload {
  id: string;
  app: string;
  of: UploadKind;
  /** at least the number of its names; null while they still come */
  size: number | null;
  createdAt: number;
  expiresAt: number;
}

export interface Audiences {
  /** At least the size of the audience, cheaply: conditions without an index may be ignored. */
  estimateAudience(app: string, audience: Audience): Promise<number>;
  /** Whether that is exactly how many `streamAudience` then gives or leaves out. */
  countsExactly(audience: Audience): boolean;
  /**
   * In order of (bucket, id), after the cursor, in pages of `size`; only the last may be smaller, and it
   * is empty only if it says what was left out. It ends when all of the range was read, and throws if it
   * cannot be.
   */
  streamAudience(
    app: string,
    audience: Audience,
    range: BucketRange,
    after: Cursor | null,
    size: number,
    carried?: readonly Carried[],
  ): AsyncIterable<AudiencePage>;
  /** Those that an installation of the app has, one that opted out too; at most 100 are asked for. */
  registeredTokens(app: string, tokens: string[]): Promise<string[]>;
  /** Replaces an earlier one of that name. */
  putSegment(segment: Segment): Promise<void>;
  getSegment(app: string, name: string): Promise<Segment | null>;
  /** in the order of their names */
  listSegments(app: string, after: string | null, limit: number): Promise<Page<Segment>>;
  deleteSegment(app: string, name: string): Promise<boolean>;
  /** Before its names come (without a size), and after. */
  putUpload(upload: Upload): Promise<void>;
  /** Null for one that has expired. */
  getUpload(id: string): Promise<Upload | null>;
  /** A name that is there already stays there once. */
  addToUpload(upload: Upload, names: string[]): Promise<void>;
  /** In order, after the cursor (whose id is a name); at most `size` to a page, none is empty. */
  readUpload(
    id: string,
    range: BucketRange,
    after: Cursor | null,
    size: number,
  ): AsyncIterable<string[]>;
}
