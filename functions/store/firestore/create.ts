/** Campaigns are created once per idempotency key, and started once, with their shards. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import type { BucketRange } from '../../model/bucket.ts';
import { SYSTEM } from '../../model/campaign.ts';
import { acceptedEvent, startedEvent } from '../../model/campaign-events.ts';
import type { Store } from '../../ports/ports.ts';
import { mayStart, startedAt } from '../timeline.ts';
import {
  findCampaign,
  fromCampaign,
  historyWith,
  requestOf,
  toCampaign,
} from './campaign-fields.ts';
import { type Client, unchanged } from './client.ts';
import type { EventWriter } from './events.ts';
import {
  type CampaignFields,
  dueOf,
  expiry,
  type IdempotencyFields,
  type Schema,
  type ShardFields,
} from './schema.ts';

export function firestoreCreate(
  client: Client,
  schema: Schema,
  retentionDays: number,
  events: EventWriter,
) {
  const { campaign: refOf } = schema;
  const find = (id: string) => findCampaign(client, schema, id);

  /** What a key was used for; null if the key has expired, or its campaign has. */
  async function madeWith(
    earlier: DocumentSnapshot | undefined,
    { requestHash }: { requestHash: string },
  ) {
    if (!client.isLive(earlier)) return null;
    const made = earlier.data() as IdempotencyFields;
    const found = await find(made.campaignId);
    if (!found) return null;
    if (made.requestHash !== requestHash) return { kind: 'conflict' as const };
    return { kind: 'exists' as const, campaign: toCampaign(found) };
  }

  return {
    createCampaign: (campaign, idempotency, dueAt, by = SYSTEM) =>
      client.write(async (writes, attempt) => {
        const { id, app } = campaign;
        const once = idempotency && schema.idempotency(app, idempotency.key);
        // Keys are hardly ever used twice, so the first attempt reads nothing. If the key is taken,
        // creating fails. What the next attempt finds may be our own write whose answer was lost.
        let expired: DocumentSnapshot | undefined;
        if (attempt > 1) {
          const [earlier] = await client.get([once ?? refOf(id)]);
          const { campaignId = id } = (earlier?.data() ?? {}) as IdempotencyFields;
          if (earlier?.exists && campaignId === id) return { kind: 'created' as const, campaign };
          const found = idempotency && (await madeWith(earlier, idempotency));
          if (found) return found;
          // its campaign has expired, or will: the key is free
          if (earlier?.exists) expired = earlier;
        }
        writes.create(refOf(id), {
          ...fromCampaign(campaign, dueAt),
          ...historyWith(
            {},
            { at: campaign.createdAt, by, from: null, to: campaign.state, reason: null },
          ),
          ...events.append(writes, {}, (seq) => acceptedEvent(campaign, seq)),
        });
        if (once) {
          const fields: IdempotencyFields = {
            campaignId: id,
            requestHash: idempotency.requestHash,
            // a scheduled campaign keeps its key at least until it begins
            expireAt: expiry(campaign.schedule?.at ?? campaign.createdAt, retentionDays),
          };
          if (expired) writes.update(once, { ...fields }, unchanged(expired));
          else writes.create(once, fields);
        }
        return { kind: 'created' as const, campaign };
      }),

    async findCampaign(app, idempotency) {
      const [earlier] = await client.get([schema.idempotency(app, idempotency.key)]);
      return madeWith(earlier, idempotency);
    },

    startCampaign: (id, ranges, dueAt, at = Date.now(), expected) =>
      client.write(async (writes) => {
        const found = await find(id);
        if (!found) return false;
        const fields = found.data() as CampaignFields;
        const before = toCampaign(found);
        if (!mayStart(before, at)) return false;
        const started = startedAt(before, at, expected);
        writes.update(
          found.ref,
          {
            shards: ranges.length,
            state: started.state,
            request: requestOf(started),
            due: started.guard === 'canary' ? dueOf(id, dueAt) : FieldValue.delete(),
            ...(started.state === 'running' && {
              ...historyWith(fields, {
                at,
                by: SYSTEM,
                from: before.state,
                to: 'running',
                reason: null,
              }),
              ...events.append(writes, fields, (seq) => startedEvent(started, at, seq)),
            }),
          },
          unchanged(found),
        );
        for (const [index, range] of ranges.entries())
          writes.create(schema.shard(id, index), {
            ...newShard(id, index, range),
            due: dueOf(`${id}${index}`, dueAt),
          });
        return true;
      }),
  } satisfies Partial<Store>;
}

const newShard = (campaignId: string, index: number, { from, to }: BucketRange): ShardFields => ({
  campaignId,
  index,
  from,
  to,
  pages: 0,
  cursorBucket: null,
  cursorId: null,
  planned: false,
  closed: false,
  chunks: 0,
  chunksDone: 0,
  recipients: 0,
  accepted: 0,
  failed: 0,
  skipped: 0,
  reasons: {},
});
