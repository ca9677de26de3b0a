/** Whom a campaign is for: read in the order of buckets, saved, or brought as a file. */

import type { BucketRange, Cursor } from '../model/bucket.ts';
import type { Carried, Reached } from '../model/installation.ts';
import type { Audience } from '../model/schemas/audience.ts';
import type { Segment } from '../model/segment.ts';
import type { Upload } from '../model/upload.ts';
import type { Page } from './page.ts';

export interface AudiencePage {
  installations: Reached[];
  /** the last installation of this page, or of what was looked through to fill it */
  cursor: Cursor;
  /** looked at since the page before and not in the audience, where the adapter looks at each */
  leftOut?: number;
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
