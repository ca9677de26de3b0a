/**
 * Pages emptied for an erasure. An empty page counts as absent. A planner that builds or folds
 * one of these pages has read it before, writes under the condition that it has not changed, and so
 * fails. A planner that reads it later finds it empty, and reads documents.
 */

import type { DocumentReference } from '@google-cloud/firestore';
import { chunked } from '../../../lib/chunked.ts';
import { bucketOf } from '../../../model/bucket.ts';
import type { Client } from '../client.ts';
import { expiry, type LayoutFields, type PageFields, type Schema } from '../schema.ts';
import { FORMAT } from './codec.ts';
import { indexOf, LEAST_LEVEL } from './layout.ts';

/** Pages emptied in one write. */
const TOGETHER = 200;
/** How long pages live. An empty one has to be there until every write under way has failed. */
export const LIFE_DAYS = 30;

interface Named {
  app: string;
  id: string;
}

/**
 * Empties the pages in whose ranges these installations lie, whether they are there or not. To be
 * called after the installations were deleted, and before an erasure returns: then no page holds a row of
 * them, and none is written later that does. Costs a write for each page, at most two for each device.
 */
export async function emptyPages(client: Client, schema: Schema, devices: Named[]): Promise<void> {
  const apps = Map.groupBy(devices, (it) => it.app);
  const layouts = await client.get([...apps.keys()].map((it) => schema.layout(it)));
  const now = new Map<string, DocumentReference>();
  const older = new Map<string, DocumentReference>();
  for (const [i, [app, those]] of [...apps].entries()) {
    // no layout: none is built in the next two hours
    if (!layouts[i]?.exists) continue;
    const { level } = layouts[i].data() as LayoutFields;
    for (let at = level; at >= LEAST_LEVEL; at--)
      for (const { id } of those) {
        const ref = schema.page(app, at, indexOf(at, bucketOf(id)));
        (at >= level - 1 ? now : older).set(ref.path, ref);
      }
  }
  // nothing writes these any more, so only those that are still there
  for (const some of chunked([...older.values()], TOGETHER))
    for (const it of await client.get(some, ['n'])) if (it.exists) now.set(it.ref.path, it.ref);
  const fields: PageFields = {
    format: FORMAT,
    through: 0,
    n: 0,
    expireAt: expiry(client.now(), LIFE_DAYS),
  };
  for (const some of chunked([...now.values()], TOGETHER))
    await client.write(async (writes) => {
      for (const ref of some) writes.set(ref, fields);
    });
}
