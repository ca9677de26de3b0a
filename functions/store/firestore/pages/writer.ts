/**
 * Writes pages, a few at a time, while the planner goes on. A page is a cache: one that cannot be
 * written, or that another process has written meanwhile, is left as it is.
 */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import { DAY_MS } from '../../../model/timing.ts';
import { type Client, unchanged } from '../client.ts';
import { expiryAt, type PageFields } from '../schema.ts';
import { FORMAT, type PageRow, packed } from './codec.ts';
import { LANDED_MS } from './markers.ts';
import type { Slot } from './slots.ts';

/** Pages that are being written. Each takes up to 700 kB. */
const AT_ONCE = 4;

/** What another version has in a page goes: both together may be more than a document holds. */
const withoutOthers = (found: DocumentSnapshot) =>
  Object.fromEntries(Object.keys(found.data()!).map((name) => [name, FieldValue.delete()]));

export type PageWriter = ReturnType<typeof pageWriter>;

export function pageWriter(
  client: Client,
  { lifeDays, mostBytes }: { lifeDays: number; mostBytes: number },
) {
  const underWay = new Set<Promise<unknown>>();

  /** Under the condition that the page is as it was when first read. A lost answer is not asked for again. */
  const write = ({ found }: Slot, fields: PageFields) =>
    client.write(async (writes, attempt) => {
      if (attempt > 1) return;
      if (found.exists)
        writes.update(found.ref, { ...withoutOthers(found), ...fields }, unchanged(found));
      else writes.create(found.ref, fields);
    });

  return {
    /**
     * Writes a page whose rows are those of all of its range. `readAt`: before anything of them was read,
     * or the page, whichever is earlier. Resolves once it is under way. True: it is too large.
     */
    async put(slot: Slot, rows: PageRow[], readAt: number): Promise<boolean> {
      const through = Math.min(slot.readAt, readAt) - LANDED_MS;
      // what is later than that would have to be laid over once more
      if (slot.page && through <= slot.page.through) return false;
      const bytes = packed(rows);
      if (bytes.length > mostBytes) return true;
      const expireAt = expiryAt(through + (lifeDays + 1) * DAY_MS);
      const fields = { format: FORMAT, through, n: rows.length, rows: bytes, expireAt };
      while (underWay.size >= AT_ONCE) await Promise.race(underWay);
      const writing = write(slot, fields).catch(() => {});
      underWay.add(writing);
      writing.finally(() => underWay.delete(writing));
      return false;
    },

    /** Resolves when nothing is being written any more. */
    async settled() {
      await Promise.all(underWay);
    },
  };
}
