/** Shards: how far each is planned, and what is counted in it. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { type Counts, noCounts } from '../../model/campaign.ts';
import type { Shard, ShardWave } from '../../model/chunk.ts';
import { addCounts } from '../../model/counts.ts';
import type { Store } from '../../ports/ports.ts';
import { findCampaign, outcomeIn } from './campaign-fields.ts';
import type { Context } from './context.ts';
import { type Counter, countersOf, summedUp } from './counters.ts';
import { finalCounters } from './final-counters.ts';
import { BY_NAME, byReason, type CampaignFields, END, isId, type ShardFields } from './schema.ts';

export function firestoreShards(context: Context) {
  const following = { ...context, final: finalCounters(context) };
  return {
    counts: (campaignId) => countsOf(following, campaignId),

    async getShard(campaignId, index) {
      if (!isId(campaignId)) return null;
      const { client, schema } = context;
      const counters = await countersOf(context, campaignId, index);
      const [found] = await client.get([schema.shard(campaignId, index)]);
      return found?.exists ? withCounters(found, counters) : null;
    },

    async listShards(campaignId) {
      return (await countedShards(following, campaignId)).sort((a, b) => a.index - b.index);
    },

    async openShards(campaignId) {
      return (await shardsOf(context, campaignId)).map(toShard).filter((it) => !it.planned);
    },
  } satisfies Partial<Store>;
}

type Following = Context & { final: ReturnType<typeof finalCounters> };

/** The shards of a campaign with what is counted in them. */
async function countedShards(context: Following, campaignId: string): Promise<Shard[]> {
  if (!isId(campaignId)) return [];
  const { final } = context;
  const counters = await final.of(campaignId);
  const found = await shardsOf(context, campaignId);
  final.note(campaignId, found, counters);
  return found.map((it) => withCounters(it, counters));
}

/** The documents of a campaign's shards. */
export async function shardsOf(
  { client, schema }: Pick<Context, 'client' | 'schema'>,
  campaignId: string,
) {
  if (!isId(campaignId)) return [];
  const query = schema.shards
    .orderBy(BY_NAME)
    .startAt(`${campaignId}${END}`)
    .endBefore(`${campaignId}${END}${END}`);
  return (await client.read(() => query.get())).docs;
}

/** The sum of what is counted in a campaign. */
async function countsOf(context: Following, campaignId: string): Promise<Counts> {
  const shards = await countedShards(context, campaignId);
  if (shards.length === 0) return countsOfMessage(context, campaignId);
  return shards.map((it) => it.counts).reduce(addCounts, noCounts());
}

/** A message that was sent in one attempt has no shards. */
async function countsOfMessage({ client, schema }: Context, campaignId: string): Promise<Counts> {
  const found = await findCampaign(client, schema, campaignId);
  return (found && outcomeIn(found.data() as CampaignFields))?.counts ?? noCounts();
}

/**
 * A shard with what its counters have. They were read before it: if it is closed now, their sums are in its
 * document, and if it is not, none of them was deleted yet.
 */
function withCounters(found: DocumentSnapshot, counters: Counter[]): Shard {
  const shard = toShard(found);
  if (found.get('closed')) return shard;
  const { counts, chunksDone } = summedUp(
    shard,
    counters.filter((it) => it.shard === shard.index),
  );
  return { ...shard, counts, chunksDone };
}

/** How many pages of a shard are frozen. */
export const pagesOf = ({ pages }: Pick<ShardFields, 'pages'>): number =>
  typeof pages === 'number' ? pages : pages[0];
/** And how the shard keeps that. */
export const toPages = (pages: number, { wave }: { wave?: unknown }): ShardFields['pages'] =>
  wave === undefined ? pages : [pages];

export function toShard(found: DocumentSnapshot): Shard {
  const it = found.data() as ShardFields;
  const counts: Counts = {
    recipients: it.recipients,
    accepted: it.accepted,
    failed: it.failed,
    skipped: it.skipped,
    ...((it.capped || it.late) && {
      skippedBy: { ...(it.capped && { capped: it.capped }), ...(it.late && { late: it.late }) },
    }),
    ...(it.held && { held: it.held, heldUntil: it.heldUntil ?? 0 }),
    reasons: byReason(it.reasons),
    ...(it.leftOut && { leftOut: it.leftOut }),
    ...(it.denied && { denied: it.denied }),
    ...(it.missing && { missing: byReason(it.missing) }),
    ...(it.pruned && { pruned: byReason(it.pruned) }),
  };
  return {
    campaignId: it.campaignId,
    index: it.index,
    from: it.from,
    to: it.to,
    ...(it.wave !== undefined && { wave: JSON.parse(it.wave) as ShardWave }),
    pages: pagesOf(it),
    cursor: it.cursorBucket === null ? null : { bucket: it.cursorBucket, id: it.cursorId ?? '' },
    planned: it.planned,
    plannedAt: it.plannedAt ?? null,
    chunks: it.chunks,
    chunksDone: it.chunksDone,
    counts,
    task: it.task ?? null,
  };
}
