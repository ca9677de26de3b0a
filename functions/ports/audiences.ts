/** Audiences: read in the order of buckets, saved as segments, or uploaded as lists of names. */

import type { Pasts } from '../model/audience/past.ts';
import type { BucketRange, Cursor } from '../model/bucket.ts';
import type { Carried, Reached } from '../model/installation.ts';
import type { Permission, Platform } from '../model/platform.ts';
import type { Audience } from '../model/schemas/audience.ts';
import type { Segment } from '../model/segment.ts';
import type { Upload } from '../model/upload.ts';
import type { Page } from './page.ts';

/** What is read of an audience. */
export interface AudienceRead {
  app: string;
  audience: Audience;
  range: BucketRange;
  /** null: from the beginning of the range */
  after: Cursor | null;
  /** installations of a page */
  size: number;
  /**
   * Other waves of the campaign read other time zones of the same range, before or after this one. It changes
   * nothing of what is read: an adapter may prepare for the others.
   */
  isOfWave?: boolean | undefined;
  /** only devices that have changed their time zone at this time or later, in ms */
  movedSince?: number | undefined;
  /** further fields that the pages have */
  carried?: readonly Carried[] | undefined;
}

export interface AudiencePage {
  installations: Reached[];
  /** the last installation that was read for this page, in the audience or not */
  cursor: Cursor;
  /**
   * installations read since the page before that are not in the audience, where the adapter counts
   * them
   */
  leftOut?: number;
}

/** Of what a sample is taken. */
export type SampleRead = Pick<AudienceRead, 'app' | 'audience' | 'carried'>;

/** A fair sample of an app's installations, or of those among which an index finds the audience. */
export interface AudienceSample {
  /** those of the sample that are in the audience */
  installations: Reached[];
  /** installations of the sample, in the audience or not */
  looked: number;
  /** of what it is taken from, so many lie in this share (0 to 1) of the buckets; all, if that is 1 */
  counted: number;
  share: number;
  /** counted by another way, where that is cheap: the audience has not fewer and not more */
  between: { least: number; most: number } | null;
  /** changes after that time, in ms, may be missing; null: it is as it is now */
  asOf: number | null;
}

/** How many installations of an app are of one kind. */
export interface KindCount {
  platform: Platform;
  language: string | null;
  /** null: the app has not told */
  permission: Permission | null;
  optedOut: boolean;
  size: number;
}

/** What is kept packed of an app's installations, so that a campaign need not read each of them. */
export interface PagesState {
  app: string;
  /** pages that are there, and that there may be */
  pages: number;
  of: number;
  /** none is built before that time, in ms */
  builtFrom: number;
  /** through which time, in ms, the oldest of some pages knows all changes; null: none is there */
  oldest: number | null;
  /** about how many they hold; null: not known */
  installations: number | null;
}

export interface Audiences {
  /**
   * An upper bound of the audience's size, cheaply: conditions without an index may be ignored, and a
   * large number is known within 6 %. `isRough`: where that would take a count, half or twice as many will do.
   */
  estimateAudience(app: string, audience: Audience, isRough?: boolean): Promise<number>;
  /** True if that estimate is exactly the number that `streamAudience` gives and leaves out. */
  countsExactly(audience: Audience, estimate: number): boolean;
  /**
   * Gives the installations of the audience in the order of (bucket, id), after the cursor, in pages of
   * `size`. Only the last page may be smaller; it is empty only if it has a `leftOut`. The stream ends
   * once the whole range was read, and throws if it cannot be: `Expired` if what an earlier campaign was
   * for the installations, as `opened` and `notOpened` ask, is deleted.
   */
  streamAudience(read: AudienceRead): AsyncIterable<AudiencePage>;
  /**
   * Looks at a sample: a few thousand installations, so it takes the same time and costs the same for any
   * registry. All are looked at, as they are now, where there are that few, or where they are named.
   */
  sampleAudience(read: SampleRead): Promise<AudienceSample>;
  /**
   * What `opened` and `notOpened` in an audience ask about at most 100 installations, in their order. Throws
   * `Expired`.
   */
  pastOf(audience: Audience, installationIds: readonly string[]): Promise<Pasts[]>;
  /** The time zones that an app's installations have, each once, opted out or not. */
  zonesOf(app: string): Promise<string[]>;
  /** All installations of an app by their kinds, exactly; null where the adapter keeps no such counts. */
  countKinds(app: string): Promise<KindCount[] | null>;
  /** The pages of at most 50 apps, where the adapter keeps pages. */
  pagesState(): Promise<PagesState[]>;
  /** Which of at most 100 tokens belong to an installation of the app, opted out or not. */
  registeredTokens(app: string, tokens: string[]): Promise<string[]>;
  /** Creates a segment, or replaces the one of that name. */
  putSegment(segment: Segment): Promise<void>;
  getSegment(app: string, name: string): Promise<Segment | null>;
  /**
   * Lists an app's segments by name. Throws `BadCursor` for a cursor that is not from such a list.
   */
  listSegments(app: string, after: string | null, limit: number): Promise<Page<Segment>>;
  /** False if there is no such segment. */
  deleteSegment(app: string, name: string): Promise<boolean>;
  /** Stores an upload: first without a size, before its names are added, and again after them. */
  putUpload(upload: Upload): Promise<void>;
  /** Null if there is no such upload, or it has expired. */
  getUpload(id: string): Promise<Upload | null>;
  /** Adds names. A name that the upload has already is kept once. */
  addToUpload(upload: Upload, names: string[]): Promise<void>;
  /**
   * Gives the names in the order of (bucket, name), after the cursor, whose id is a name. A page has at
   * most `size` names and is never empty.
   */
  readUpload(
    id: string,
    range: BucketRange,
    after: Cursor | null,
    size: number,
  ): AsyncIterable<string[]>;
}
