/** The sweep: work whose time has passed, taken so that another sweep does not get it too. */

import type { CollectionReference, DocumentSnapshot } from '@google-cloud/firestore';
import { each } from '../../lib/concurrency.ts';
import type { WebhookDelivery } from '../../model/webhook.ts';
import type { Overdue, Work } from '../../model/work.ts';
import type { Store } from '../../ports/ports.ts';
import { requestOf } from '../campaign-request.ts';
import { toCampaign } from './campaign-fields.ts';
import { OPEN_FIELDS, toOpenChunk } from './chunk-fields.ts';
import { type Client, unchanged } from './client.ts';
import type { CloseShard } from './close.ts';
import type { Context } from './context.ts';
import { documentsOf } from './documents.ts';
import { toEvent } from './events.ts';
import {
  DELIVERIES_SLOT,
  dueAtOf,
  dueBy,
  dueOf,
  type Schema,
  type ShardFields,
  SLOTS,
} from './schema.ts';

/** Documents taken side by side. */
const AT_ONCE = 16;

export const firestoreOverdue = (context: Within) =>
  ({
    takeOverdue: (now, next, limit) => takeOverdue(context, { now, next, limit }),

    async noteTasks(work) {
      const { client, schema } = context;
      await each(work, AT_ONCE, (it) =>
        client.write(async (writes) => {
          // a chunk's recipients are heavy
          const fields = it.kind === 'chunk' ? ['done'] : undefined;
          const [found] = await client.get([refOf(schema, it)], fields);
          if (found?.exists) writes.update(found.ref, noted(it, found), unchanged(found));
        }),
      );
    },
  }) satisfies Partial<Store>;

type Within = Pick<Context, 'client' | 'schema'> & { closeShard: CloseShard };

/** The overdue work that a document stands for; null: there is nothing to be queued. */
type ToWork = (found: DocumentSnapshot, dueAt: number, now: number) => Promise<Overdue | null>;

/** A kind of overdue work: where it is, the fields that `toWork` reads, and the slots of its times. */
interface Kind {
  collection: CollectionReference;
  fields: string[];
  slots: string[];
  toWork: ToWork;
}

interface Taking {
  /** work that was due by then is overdue, in ms */
  now: number;
  /** when it is due next */
  next: number;
  limit: number;
}

async function takeOverdue(context: Within, { now, next, limit }: Taking): Promise<Overdue[]> {
  const taken: Overdue[] = [];
  for (const kind of await kindsToTake(context))
    for (const slot of kind.slots) {
      taken.push(
        ...(await takeOf(context, kind, slot, { now, next, limit: limit - taken.length })),
      );
      if (taken.length === limit) return taken;
    }
  return taken;
}

/**
 * The kinds of which something may be overdue. While no campaign is open and nothing is to be told, a
 * sweep costs these two reads and one more.
 */
async function kindsToTake({ client, schema, closeShard }: Within): Promise<Kind[]> {
  const { campaigns, shards, chunks, events, deliveries } = schema;
  const open = campaigns.where('open', '==', true).select().limit(1);
  const unpublished = events.orderBy('due').select().limit(1);
  const [working, telling] = await Promise.all(
    [open, unpublished].map(async (it) => !(await client.read(() => it.get())).empty),
  );
  const kind = (collection: CollectionReference, toWork: ToWork, fields: string[]): Kind => ({
    collection,
    fields,
    slots: SLOTS,
    toWork,
  });
  const work = [
    kind(campaigns, overdueCampaign, ['request']),
    kind(shards, overdueShard(closeShard), ['campaignId', 'index', 'planned', 'task']),
    kind(chunks, overdueChunk, ['campaignId', ...OPEN_FIELDS]),
  ];
  const news = kind(events, overdueEvent, ['id', 'subject', 'type', 'app', 'at', 'data']);
  const posts = { ...kind(deliveries, overdueDelivery, ['record']), slots: [DELIVERIES_SLOT] };
  return [...(working ? work : []), ...(telling ? [news] : []), posts];
}

/** At most `limit` pieces of overdue work of a slot. */
async function takeOf(
  { client }: Within,
  { collection, fields, toWork }: Kind,
  slot: string,
  { now, next, limit }: Taking,
): Promise<Overdue[]> {
  const [from, to] = dueBy(slot, now);
  const query = collection
    .orderBy('due')
    .startAt(from)
    .endAt(to)
    .select('due', ...fields)
    .limit(limit);
  const taken: Overdue[] = [];
  // what another sweep took, or what had only to be closed, is no end of the list
  for await (const page of documentsOf(client, query)) {
    const ours = await each(page.slice(0, limit - taken.length), AT_ONCE, async (found) => {
      const due: string = found.get('due');
      const isOurs = await take(client, found, dueOf(found.id, next, slot));
      return isOurs ? toWork(found, dueAtOf(due), now) : null;
    });
    taken.push(...ours.filter((it) => it !== null));
    if (taken.length === limit) break;
  }
  return taken;
}

/**
 * True if the document has not changed since it was found; one that changed is not overdue any
 * more.
 */
const take = (client: Client, found: DocumentSnapshot, due: string) =>
  client.write(async (writes, attempt) => {
    if (attempt > 1) return false;
    writes.update(found.ref, { due }, unchanged(found));
    return true;
  });

const overdueCampaign: ToWork = async (found, dueAt) => ({
  kind: 'campaign',
  campaignId: found.id,
  dueAt,
  task: JSON.parse(found.get('request')).task ?? null,
});

const overdueEvent: ToWork = async (found, dueAt) =>
  found.get('id') === undefined
    ? { kind: 'receipts', campaignId: found.get('subject'), dueAt }
    : { kind: 'event', event: toEvent(found), dueAt };

const overdueDelivery: ToWork = async (found, dueAt) => {
  const { id, webhookId, tries, task = null } = JSON.parse(found.get('record')) as WebhookDelivery;
  return { kind: 'delivery', deliveryId: id, webhookId, tries, dueAt, task };
};

/**
 * A shard that is planned waits for its chunks, which have times of their own; unless the process that
 * finished the last of them died before it could close the shard.
 */
const overdueShard =
  (closeShard: CloseShard): ToWork =>
  async (found, dueAt, now) => {
    const { campaignId, index: shard, planned, task = null } = found.data() as ShardFields;
    if (!planned) return { kind: 'shard', campaignId, shard, dueAt, task };
    // if that closes the campaign, its event is overdue a minute later
    await closeShard(campaignId, shard, now);
    return null;
  };

const overdueChunk: ToWork = async (found, dueAt) => ({
  kind: 'chunk',
  campaignId: found.get('campaignId'),
  dueAt,
  ...toOpenChunk(found),
});

function refOf(schema: Schema, it: Work) {
  switch (it.kind) {
    case 'campaign':
      return schema.campaign(it.campaignId);
    case 'shard':
      return schema.shard(it.campaignId, it.shard);
    case 'chunk':
      return schema.chunk(it.chunkId);
    case 'delivery':
      return schema.deliveries.doc(it.deliveryId);
  }
}

/** What changes in the document of work that was queued again. */
function noted({ kind, task }: Work & { task: string }, found: DocumentSnapshot) {
  if (kind === 'campaign') return { request: requestOf({ ...toCampaign(found), task }) };
  if (kind !== 'delivery') return { task };
  return { record: JSON.stringify({ ...JSON.parse(found.get('record')), task }) };
}
