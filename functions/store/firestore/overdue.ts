/** The sweep: work whose time has passed, taken so that another sweep does not get it too. */

import type { CollectionReference, DocumentSnapshot } from '@google-cloud/firestore';
import { each } from '../../lib/concurrency.ts';
import type { WebhookDelivery } from '../../model/webhook.ts';
import type { Overdue, Work } from '../../model/work.ts';
import type { Store } from '../../ports/ports.ts';
import { requestOf, toCampaign } from './campaign-fields.ts';
import { OPEN_FIELDS, toOpenChunk } from './chunk-fields.ts';
import { type Client, unchanged } from './client.ts';
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
import type { firestoreShards } from './shards.ts';

type Kind = (found: DocumentSnapshot, dueAt: number, now: number) => Promise<Overdue | null>;

/** Documents taken side by side. */
const AT_ONCE = 16;

export function firestoreOverdue(
  client: Client,
  schema: Schema,
  closeShard: ReturnType<typeof firestoreShards>['closeShard'],
) {
  const { campaigns, shards, chunks, events, deliveries } = schema;

  /**
   * True if the document has not changed since it was found; one that changed is not overdue any
   * more.
   */
  const take = (found: DocumentSnapshot, due: string) =>
    client.write(async (writes, attempt) => {
      if (attempt > 1) return false;
      writes.update(found.ref, { due }, unchanged(found));
      return true;
    });

  const overdueCampaign: Kind = async (found, dueAt) => ({
    ...{ kind: 'campaign', campaignId: found.id, dueAt },
    task: JSON.parse(found.get('request')).task ?? null,
  });

  const overdueEvent: Kind = async (found, dueAt) => ({
    ...{ kind: 'event', event: toEvent(found), dueAt },
  });

  const overdueDelivery: Kind = async (found, dueAt) => {
    const it = JSON.parse(found.get('record')) as WebhookDelivery;
    return {
      ...{ kind: 'delivery', deliveryId: it.id, webhookId: it.webhookId, tries: it.tries },
      ...{ dueAt, task: it.task ?? null },
    };
  };

  /**
   * A shard that is planned waits for its chunks, which have times of their own; unless the one that
   * finished the last of them died before it could close it.
   */
  const overdueShard: Kind = async (found, dueAt, now) => {
    const { campaignId, index: shard, planned, task = null } = found.data() as ShardFields;
    if (!planned) return { kind: 'shard', campaignId, shard, dueAt, task };
    // if that closes the campaign, its event is overdue a minute later
    await closeShard(campaignId, shard, now);
    return null;
  };

  const overdueChunk: Kind = async (found, dueAt) => ({
    ...{ kind: 'chunk', campaignId: found.get('campaignId'), dueAt },
    ...toOpenChunk(found),
  });

  const refOf = (it: Work) => {
    switch (it.kind) {
      case 'campaign':
        return schema.campaign(it.campaignId);
      case 'shard':
        return schema.shard(it.campaignId, it.shard);
      case 'chunk':
        return schema.chunk(it.chunkId);
      case 'delivery':
        return deliveries.doc(it.deliveryId);
    }
  };

  function noted({ kind, task }: Work & { task: string }, found: DocumentSnapshot) {
    if (kind === 'campaign') return { request: requestOf({ ...toCampaign(found), task }) };
    if (kind !== 'delivery') return { task };
    return { record: JSON.stringify({ ...JSON.parse(found.get('record')), task }) };
  }

  return {
    async takeOverdue(now, next, limit) {
      // while no campaign is open and nothing is to be told, a sweep costs these and one more
      const open = campaigns.where('open', '==', true).select().limit(1);
      const unpublished = events.orderBy('due').select().limit(1);
      const [working, telling] = await Promise.all(
        [open, unpublished].map(async (it) => !(await client.read(() => it.get())).empty),
      );
      const kinds: [CollectionReference, string[], Kind, slots?: string[]][] = [];
      if (working)
        kinds.push(
          [campaigns, ['request'], overdueCampaign],
          [shards, ['campaignId', 'index', 'planned', 'task'], overdueShard],
          [chunks, ['campaignId', ...OPEN_FIELDS], overdueChunk],
        );
      if (telling)
        kinds.push([events, ['id', 'subject', 'type', 'app', 'at', 'data'], overdueEvent]);
      kinds.push([deliveries, ['record'], overdueDelivery, [DELIVERIES_SLOT]]);
      const taken: Overdue[] = [];
      for (const [collection, fields, overdue, slots = SLOTS] of kinds)
        for (const slot of slots) {
          const [from, to] = dueBy(slot, now);
          const query = collection
            .orderBy('due')
            .startAt(from)
            .endAt(to)
            .select('due', ...fields)
            .limit(limit - taken.length);
          // what another sweep took, or what had only to be closed, is no end of the list
          for await (const page of documentsOf(client, query)) {
            const some = page.slice(0, limit - taken.length);
            const ours = await each(some, AT_ONCE, async (found) => {
              const due: string = found.get('due');
              const isOurs = await take(found, dueOf(found.id, next, slot));
              return isOurs ? overdue(found, dueAtOf(due), now) : null;
            });
            taken.push(...ours.filter((it) => it !== null));
            if (taken.length === limit) return taken;
          }
        }
      return taken;
    },

    async noteTasks(work) {
      await each(work, AT_ONCE, (it) =>
        client.write(async (writes) => {
          // a chunk's recipients are heavy
          const [found] = await client.get([refOf(it)], it.kind === 'chunk' ? ['done'] : undefined);
          if (found?.exists) writes.update(found.ref, noted(it, found), unchanged(found));
        }),
      );
    },
  } satisfies Partial<Store>;
}
