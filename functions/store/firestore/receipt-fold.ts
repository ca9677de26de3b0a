/**
 * The end of receipts: when the retention of a campaign has ended, their sums are stored in its document and
 * the sets are deleted. Firestore's own expiry would delete sets in any order, and the sums with them.
 *
 * Campaigns are found by the day on which they closed (`closedKey`), a day after another; those that name all
 * of their recipients expire themselves, and so do their sets.
 */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { each } from '../../lib/concurrency.ts';
import { receiptKinds } from '../../model/receipt.ts';
import { DAY_MS } from '../../model/timing.ts';
import type { Store } from '../../ports/ports.ts';
import { toCampaign } from './campaign-fields.ts';
import { unchanged } from './client.ts';
import { type Context, summedUp } from './receipt-sets.ts';
import { BY_NAME, closedKey, type FoldFields } from './schema.ts';

/** After the end of the retention, in ms: writes under way have ended, and clocks differ. */
const LATE_MS = 60 * 60 * 1000;
/** Campaigns, or sets, read in one query. */
const PAGE = 100;
/** Writes side by side. */
const AT_ONCE = 4;

export function firestoreFold(context: Context): Pick<Store, 'expire'> {
  /** as this process knows: a day is looked up once */
  let done: number | null = null;
  return {
    async expire(before) {
      const last = Math.floor((before - LATE_MS) / DAY_MS) - 1;
      if (done === last) return false;
      done ??= await lastDay(context);
      if (done !== null && done > last) {
        // the retention was made longer: receipts of these days are counted again, and end again
        await noteDay(context, last);
        done = last;
        return false;
      }
      // the first time there is nothing before: no older version has counted receipts
      const day = done === null ? last : done + 1;
      if (day > last) return false;
      await foldDay(context, day);
      await noteDay(context, day);
      done = day;
      return day < last;
    },
  };
}

async function lastDay({ client, schema }: Context): Promise<number | null> {
  const [found] = await client.get([schema.lastFold]);
  return found?.exists ? (found.data() as FoldFields).day : null;
}

const noteDay = ({ client, schema }: Context, day: number) =>
  client.write(async (writes) => {
    writes.set(schema.lastFold, { day } satisfies FoldFields);
  });

async function foldDay(context: Context, day: number) {
  const { client, schema } = context;
  const query = schema.campaigns
    .where('names', 'array-contains', closedKey(day * DAY_MS))
    .orderBy(BY_NAME)
    .limit(PAGE);
  for (let last: DocumentSnapshot | undefined; ; ) {
    const next = last ? query.startAfter(last) : query;
    const { docs } = await client.read(() => next.get());
    await each(docs.filter(mayHaveReceipts), AT_ONCE, (it) => fold(context, it.id));
    last = docs.at(-1);
    if (!last) return;
  }
}

/** Campaigns of an app that has switched receipts off have none. */
const mayHaveReceipts = (found: DocumentSnapshot) => toCampaign(found).receipts !== undefined;

/** If it is interrupted, a second call does the rest: the sums are stored once, before the first set goes. */
async function fold(context: Context, campaignId: string) {
  const { client, schema } = context;
  await client.write(async (writes) => {
    const [found] = await client.get([schema.campaign(campaignId)]);
    if (!found?.exists || found.get('receiptSums') !== undefined) return;
    const receiptSums = await summedUp(context, campaignId);
    writes.update(found.ref, { receiptSums }, unchanged(found));
  });
  for (const kind of receiptKinds) {
    const query = schema.receiptSets(campaignId, kind).orderBy(BY_NAME).select().limit(PAGE);
    for (;;) {
      const { docs } = await client.read(() => query.get());
      if (docs.length === 0) break;
      await client.write(async (writes) => {
        for (const { ref } of docs) writes.delete(ref);
      });
    }
  }
}
