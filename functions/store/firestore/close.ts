/** How shards close, and the campaign with its last shard. */

import { randomUUID } from 'node:crypto';
import {
  type DocumentSnapshot,
  FieldValue,
  type Timestamp,
  type Transaction,
} from '@google-cloud/firestore';
import { type CampaignState, type Counts, noCounts, SYSTEM, sumsOf } from '../../model/campaign.ts';
import { closedEvent } from '../../model/campaign-events.ts';
import { addCounts } from '../../model/counts.ts';
import { expiryOf, historyWith, namesAtClose, toCampaign } from './campaign-fields.ts';
import { unchanged } from './client.ts';
import type { Context } from './context.ts';
import { countersOf, summedUp } from './counters.ts';
import { type CampaignFields, END, keyedByReason, openInOf, type ShardFields } from './schema.ts';
import { shardsOf, toShard } from './shards.ts';

/**
 * Gives the state of a campaign that this call closed; else null. `again`: a process that closed the shard
 * may have died before it closed the campaign.
 */
export type CloseShard = (
  campaignId: string,
  index: number,
  now: number,
  again?: boolean,
) => Promise<CampaignState | null>;

/**
 * Closes a shard that is planned and all of whose chunks are done, and the campaign with its last
 * shard.
 *
 * It is called just after the last page is frozen or a chunk is done: were it in the same transaction,
 * each chunk would wait for the others of its shard. Hundreds of shards may close in the same second:
 * each writes its own document, and then looks whether others are open, so that only the last of them
 * write the campaign's. A shard stays `due` until then: if its process dies in between, the task that is
 * delivered again or the sweep does the rest.
 */
export const firestoreClose =
  (context: Context): CloseShard =>
  async (campaignId, index, now, again = true) => {
    const closing = { campaignId, index, now };
    const found = await stateOf(context, closing);
    if (found === 'open' || (found.get('closed') && !again)) return null;
    const { closed, isDue } = await close(context, closing, found);
    return isDue ? endIfLast(context, closing) : closed;
  };

interface Closing {
  campaignId: string;
  index: number;
  now: number;
}

/**
 * The document of a shard that is planned and all of whose chunks are done. It is read before they are
 * looked for: of a planned shard no more are frozen.
 */
async function stateOf({ client, schema }: Context, { campaignId, index }: Closing) {
  const [found] = await client.get([schema.shard(campaignId, index)]);
  const shard = found?.data() as ShardFields | undefined;
  if (!found || !shard?.planned) return 'open';
  if (shard.closed || shard.chunksDone === shard.chunks) return found;
  const start = openInOf(campaignId, index);
  const query = schema.chunks
    .orderBy('openIn')
    .startAfter(start)
    .endBefore(`${start}${END}`)
    .select()
    .limit(1);
  return (await client.read(() => query.get())).empty ? found : 'open';
}

/**
 * Closes a complete shard, with the sums of its counters. `isDue`: its campaign may have to be ended. The
 * campaign of a single shard ends with it. `first`: the shard's document as it was read before.
 */
function close(context: Context, closing: Closing, first: DocumentSnapshot) {
  const { client, schema } = context;
  const { campaignId, index } = closing;
  const nothing: { closed: CampaignState | null; isDue: boolean } = { closed: null, isDue: false };
  const call = randomUUID();
  return client.write(async (writes, attempt) => {
    const found = attempt === 1 ? first : await stateOf(context, closing);
    if (found === 'open') return nothing;
    const shard = found.data() as ShardFields;
    // else another one was faster, and does the rest
    const goesOn = attempt === 1 || shard.closedBy === call;
    if (shard.closed) return { ...nothing, isDue: goesOn && shard.due !== undefined };
    const [campaign] = await client.get([schema.campaign(campaignId)]);
    if (!campaign?.exists) return nothing;
    // nothing is added to them any more; a shard without chunks has none, nor has one of an older version
    const hasAll = shard.chunksDone === shard.chunks;
    const counters = hasAll ? [] : await countersOf(context, campaignId, index);
    const { counts, chunksDone } = summedUp(toShard(found), counters);
    for (const { ref } of counters) writes.delete(ref);
    const ended =
      campaign.get('shards') === 1 ? end(context, writes, { ...closing, campaign, counts }) : null;
    writes.update(
      found.ref,
      {
        closed: true,
        closedBy: call,
        closedOn: FieldValue.serverTimestamp(),
        openOf: FieldValue.delete(),
        chunksDone,
        accepted: counts.accepted,
        failed: counts.failed,
        skipped: counts.skipped,
        reasons: keyedByReason(counts.reasons),
        ...(counts.held && { held: counts.held, heldUntil: counts.heldUntil }),
        ...(counts.pruned && { pruned: keyedByReason(counts.pruned) }),
        ...(ended && { due: FieldValue.delete(), ...ended.expires }),
      },
      unchanged(found),
    );
    if (ended) return { closed: ended.closed, isDue: false };
    // an older version beside this one counts them
    if (shard.openOf === undefined)
      writes.update(campaign.ref, { shardsDone: FieldValue.increment(1) });
    return { closed: null, isDue: true };
  });
}

/** Ends the campaign if none of its shards is open. This one is not due any more. */
async function endIfLast(context: Context, closing: Closing): Promise<CampaignState | null> {
  const { client, schema } = context;
  const { campaignId, index } = closing;
  const open = schema.shards.where('openOf', '==', campaignId).select().limit(1);
  const isLast = (await client.read(() => open.get())).empty;
  return client.write(async (writes) => {
    const ended = isLast ? await endIfComplete(context, writes, closing) : null;
    const change = { due: FieldValue.delete(), ...ended?.expires };
    writes.update(schema.shard(campaignId, index), change);
    return ended?.closed ?? null;
  });
}

/**
 * Those of an older version are not found as open, so all are looked at before the end. Of processes that
 * come here together the one ends the campaign whose shard was closed last; it stays due until then.
 */
async function endIfComplete(context: Context, writes: Transaction, closing: Closing) {
  const { client, schema } = context;
  const [campaign] = await client.get([schema.campaign(closing.campaignId)]);
  if (!campaign?.exists || campaign.get('closedAt') !== null) return null;
  const shards = await shardsOf(context, closing.campaignId);
  if (shards.length < campaign.get('shards') || shards.some((it) => !it.get('closed'))) return null;
  if (lastClosed(shards) !== closing.index) return null;
  const counts = shards.map((it) => toShard(it).counts).reduce(addCounts, noCounts());
  return end(context, writes, { ...closing, campaign, counts });
}

/** The index of the shard that was closed last, by the clock of Firestore. */
function lastClosed(shards: DocumentSnapshot[]): number | undefined {
  // that of an older version has no time
  const text = (it: DocumentSnapshot) => {
    const { seconds = 0, nanoseconds = 0 } = (it.get('closedOn') as Timestamp | undefined) ?? {};
    return [seconds, nanoseconds].map((part) => String(part).padStart(12, '0')).join('.');
  };
  const byTime = shards.toSorted((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
  return byTime.at(-1)?.get('index');
}

/**
 * Writes the end of a campaign all of whose shards are closed, under the condition that it has not
 * changed. Gives the state it ends in, and what that changes in its shards; of these it writes all but
 * the one with `index`.
 */
function end(
  { schema, retentionDays, events }: Context,
  writes: Transaction,
  { campaign, counts, index, now }: Closing & { campaign: DocumentSnapshot; counts: Counts },
) {
  const fields = campaign.data() as CampaignFields;
  const { state, shards } = fields;
  const closed: CampaignState = state === 'cancelling' ? 'cancelled' : 'completed';
  const change = { state: closed, reason: null, closedAt: now, sums: sumsOf(counts) };
  const expires = expiryOf(fields, now, retentionDays);
  // not before: another one may be paused for months, and their sums are still asked for
  if ('expireAt' in expires)
    for (let other = 0; other < shards; other++)
      if (other !== index) writes.update(schema.shard(campaign.id, other), expires);
  writes.update(
    campaign.ref,
    {
      ...change,
      ...expires,
      ...namesAtClose(fields, now),
      shardsDone: shards,
      open: FieldValue.delete(),
      due: FieldValue.delete(),
      ...historyWith(fields, { at: now, by: SYSTEM, from: state, to: closed, reason: null }),
      ...events.append(writes, fields, (seq) =>
        closedEvent({ ...toCampaign(campaign), ...change }, counts, seq),
      ),
    },
    unchanged(campaign),
  );
  return { closed, expires };
}
