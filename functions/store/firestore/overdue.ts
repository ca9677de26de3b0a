/** The sweep: work whose time has passed, taken so that another sweep does not get it too. */

import type { CollectionReference, DocumentSnapshot } from '@google-cloud/firestore';
import { DELIVERY_LOST_AFTER_MS } from '../../pipeline/timing.ts';
import type { Overdue, Store, WebhookDelivery } from '../../ports.ts';
import { each } from '../each.ts';
import { type Client, unchanged } from './client.ts';
import { documentsOf } from './documents.ts';
import { toEvent } from './events.ts';
import {
  type ChunkFields,
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

/** Documents that are taken at once. */
const AT_ONCE = 16;

export function firestoreOverdue(
  client: Client,
  { campaigns, shards, chunks, events, deliveries }: Schema,
  closeShard: ReturnType<typeof firestoreShards>['closeShard'],
) {
  /** Ours, if nobody wrote to it since it was found; what changed is not overdue any more. */
  const take = (found: DocumentSnapshot, due: string) =>
    client.write(async (writes, attempt) => {
      if (attempt > 1) return false;
      writes.update(found.ref, { due }, unchanged(found));
      return true;
    });

  const overdueCampaign: Kind = async (found, dueAt) => ({
    ...{ kind: 'campaign', campaignId: found.id, dueAt },
  });

  const overdueEvent: Kind = async (found, dueAt) => ({
    ...{ kind: 'event', event: toEvent(found), dueAt },
  });

  const overdueDelivery: Kind = async (found, dueAt) => {
    const { id: deliveryId, webhookId, tries } = JSON.parse(found.get('record')) as WebhookDelivery;
    return { kind: 'delivery', deliveryId, webhookId, tries, dueAt };
  };

  /**
   * A shard that is planned waits for its chunks, which have times of their own; unless the one that
   * finished the last of them died before it could close it.
   */
  const overdueShard: Kind = async (found, dueAt, now) => {
    const { campaignId, index: shard, planned } = found.data() as ShardFields;
    if (!planned) return { kind: 'shard', campaignId, shard, dueAt };
    // if that closes the campaign, its event is overdue a minute later
    await closeShard(campaignId, shard, now);
    return null;
  };

  const overdueChunk: Kind = async (found, dueAt) => {
    const { id: chunkId, provider, size } = found.data() as ChunkFields;
    return { kind: 'chunk', chunkId, provider, size, dueAt };
  };

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
          [campaigns, [], overdueCampaign],
          [shards, ['campaignId', 'index', 'planned'], overdueShard],
          [chunks, ['id', 'provider', 'size'], overdueChunk],
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
              const again = next + (collection === deliveries ? DELIVERY_LOST_AFTER_MS : 0);
              const isOurs = await take(found, dueOf(found.id, again, slot));
              return isOurs ? overdue(found, dueAtOf(due), now) : null;
            });
            taken.push(...ours.filter((it) => it !== null));
            if (taken.length === limit) return taken;
          }
        }
      return taken;
    },
  } satisfies Partial<Store>;
}
