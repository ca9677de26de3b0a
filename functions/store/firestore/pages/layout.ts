/** How an app's installations are divided into pages: 2^level of equal ranges of buckets. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { BUCKETS, type BucketRange } from '../../../model/bucket.ts';
import { type Client, unchanged } from '../client.ts';
import { documentsOf } from '../documents.ts';
import { appName, BY_NAME, END, type LayoutFields, type Schema } from '../schema.ts';

const HOUR_MS = 60 * 60 * 1000;
/** So that a page lies in one cell. */
export const LEAST_LEVEL = 4;
/** Rows of a page, on average, with which a layout begins, and with which it gets twice the pages. */
const [FEW_ROWS, MANY_ROWS] = [2_000, 3_000];
/** Until then a process of an earlier version, which writes no markers, may still be running. */
const BUILT_AFTER_MS = 2 * HOUR_MS;
const RAISED_AFTER_MS = 24 * HOUR_MS;
/** Below 2^32 pages there are buckets for each; Firestore's price for so many rows is the limit. */
const MOST_LEVEL = 20;

/** Pages deleted in one write. */
const TOGETHER = 400;

/** Fewer installations than this are cheaper to read one by one. */
export const SMALLEST = 20_000;

export interface Layout {
  app: string;
  level: number;
  /** pages that were read before (ms, Firestore's clock) are not used */
  from: number;
  found: DocumentSnapshot;
}

const widthOf = (level: number) => BUCKETS / 2 ** level;
/** The number of the page in whose range the bucket lies. */
export const indexOf = (level: number, bucket: number) => Math.floor(bucket / widthOf(level));
export const rangeOf = (level: number, index: number): BucketRange => ({
  from: index * widthOf(level),
  to: (index + 1) * widthOf(level),
});

const levelFor = (installations: number) =>
  Math.min(MOST_LEVEL, Math.max(LEAST_LEVEL, Math.ceil(Math.log2(installations / FEW_ROWS))));

/**
 * About how many installations an app with that level has: a new layout is for 1,000 to 2,000 a page, and one
 * that was raised for more than 1,500.
 */
export const roughSize = ({ level }: Pick<Layout, 'level'>) => 1_500 * 2 ** level;

export type Layouts = ReturnType<typeof firestoreLayouts>;

export function firestoreLayouts(client: Client, schema: Schema) {
  return {
    /** Null while the app has no pages: it is small, or none may be built yet. */
    async get(app: string): Promise<Layout | null> {
      const [found] = await client.get([schema.layout(app)]);
      if (!found?.exists) return null;
      const { level, from } = found.data() as LayoutFields;
      return client.readAt(found) < from ? null : { app, level, from, found };
    },

    /** Creates the layout of an app with about that many installations, unless it has one or is small. */
    async create(app: string, installations: number): Promise<void> {
      if (installations < SMALLEST) return;
      const ref = schema.layout(app);
      await client.write(async (writes) => {
        const [found] = await client.get([ref]);
        if (!found || found.exists) return;
        const from = client.readAt(found) + BUILT_AFTER_MS;
        writes.create(ref, { level: levelFor(installations), from } satisfies LayoutFields);
      });
    },

    /**
     * Twice the pages from now on, if they hold too many rows on average: at most once a day, since all
     * of them are built anew. Unless another process is faster.
     */
    async raise({ found, level }: Layout, average: number): Promise<void> {
      const age = found.readTime.toMillis() - found.updateTime!.toMillis();
      if (average <= MANY_ROWS || age < RAISED_AFTER_MS || level >= MOST_LEVEL) return;
      await client.write(async (writes, attempt) => {
        if (attempt > 1) return;
        writes.update(found.ref, { level: level + 1 }, unchanged(found));
      });
    },

    /**
     * Deletes the app's pages, and builds none in the next two hours: something writes installations
     * without markers.
     */
    async empty({ app, found }: Layout): Promise<void> {
      const from = client.readAt(found) + BUILT_AFTER_MS;
      await client.write(async (writes) => {
        writes.set(found.ref, { from } satisfies Partial<LayoutFields>, { merge: true });
      });
      const [start, end] = [`${appName(app)}${END}`, `${appName(app)}${END}${END}`];
      const all = schema.pages
        .orderBy(BY_NAME)
        .startAt(start)
        .endBefore(end)
        .select('through')
        .limit(TOGETHER);
      for await (const some of documentsOf(client, all))
        await client.write(async (writes) => {
          // one that an erasure has emptied stays: a planner may still write it as it was before
          for (const it of some) if (it.get('through') > 0) writes.delete(it.ref);
        });
    },
  };
}
