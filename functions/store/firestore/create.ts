/** Campaigns are created once per idempotency key, and started once, with their shards. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import { type Campaign, type Change, SYSTEM } from '../../model/campaign.ts';
import { acceptedEvent, startedEvent } from '../../model/campaign-events.ts';
import type { CampaignStart, Idempotency, PlannedShard, Store } from '../../ports/ports.ts';
import { requestOf } from '../campaign-request.ts';
import { dueOfShard, mayStart, startedAt } from '../timeline.ts';
import { findCampaign, fromCampaign, historyWith, toCampaign } from './campaign-fields.ts';
import { unchanged } from './client.ts';
import type { Context } from './context.ts';
import { slotsFor } from './counters.ts';
import { type UsedBefore, usedBefore } from './idempotency.ts';
import {
  type CampaignFields,
  dueOf,
  expiry,
  type IdempotencyFields,
  type KeyUsedFields,
  keyedId,
  type ShardFields,
} from './schema.ts';
import { toPages } from './shards.ts';

export const firestoreCreate = (context: Context) =>
  ({
    createCampaign: (campaign, idempotency, dueAt, by = SYSTEM) =>
      createCampaign(context, { campaign, idempotency, dueAt, by }),

    async findCampaign(app, idempotency) {
      const { client, schema } = context;
      const once = schema.idempotency(app, idempotency.key);
      const named = schema.campaign(keyedId(app, idempotency.key));
      return madeWith(context, await client.get([once, named]), idempotency);
    },

    startCampaign: (start) => startCampaign(context, start),
  }) satisfies Partial<Store>;

/** What a key was used for, by its document and by the one at the name of a message with that key. */
async function madeWith(
  { client, schema }: Context,
  found: (DocumentSnapshot | undefined)[],
  idempotency: Idempotency,
): Promise<UsedBefore | null> {
  for (const it of found) {
    const used = await usedBefore(client, schema, it, idempotency);
    if (used) return used;
  }
  return null;
}

interface NewCampaign {
  campaign: Campaign;
  idempotency: Idempotency | null;
  dueAt: number;
  by: string;
}

/**
 * Keys are hardly ever used twice, so the first attempt reads nothing. If the key is taken, creating
 * fails. What the next attempt finds may be our own write whose answer was lost.
 */
function createCampaign(context: Context, it: NewCampaign) {
  const { client, schema, events } = context;
  const { campaign, idempotency, dueAt, by } = it;
  const { id, app, createdAt, state } = campaign;
  const once = idempotency && schema.idempotency(app, idempotency.key);
  const named = idempotency && schema.campaign(keyedId(app, idempotency.key));
  return client.write(async (writes, attempt) => {
    if (attempt > 1) {
      const there = await client.get(once && named ? [once, named] : [schema.campaign(id)]);
      const [earlier] = there;
      const { campaignId = id } = (earlier?.data() ?? {}) as IdempotencyFields;
      if (earlier?.exists && campaignId === id) return { kind: 'created' as const, campaign };
      const found = idempotency && (await madeWith(context, there, idempotency));
      if (found) return found;
      // its campaign has expired, or will: the key is free
      for (const it of there) if (it.exists) writes.delete(it.ref, unchanged(it));
    }
    writes.create(schema.campaign(id), {
      ...fromCampaign(campaign, dueAt),
      ...historyWith({}, { at: createdAt, by, from: null, to: state, reason: null }),
      ...events.append(writes, {}, (seq) => acceptedEvent(campaign, seq)),
    });
    if (once && named) {
      const { requestHash } = idempotency;
      const expireAt = keyExpiry(context, campaign);
      writes.create(once, { campaignId: id, requestHash, expireAt } satisfies IdempotencyFields);
      writes.create(named, { usedFor: id, requestHash, expireAt } satisfies KeyUsedFields);
    }
    return { kind: 'created' as const, campaign };
  });
}

/** A scheduled campaign keeps its key at least until it begins. */
const keyExpiry = ({ retentionDays }: Context, { schedule, createdAt }: Campaign) =>
  expiry(schedule?.at ?? createdAt, retentionDays);

function startCampaign({ client, schema, events }: Context, start: CampaignStart) {
  const { id, shards, dueAt, at = Date.now(), schedule, ...planned } = start;
  return client.write(async (writes) => {
    const found = await findCampaign(client, schema, id);
    if (!found) return false;
    const fields = found.data() as CampaignFields;
    const before = toCampaign(found);
    if (!mayStart(before, { at, schedule })) return false;
    const started = startedAt(before, { at, ...planned });
    const { state } = started;
    const change: Change = { at, by: SYSTEM, from: before.state, to: 'running', reason: null };
    const accepted = events.accept(writes, fields, before);
    writes.update(
      found.ref,
      {
        ...accepted,
        erase: FieldValue.delete(),
        shards: shards.length,
        state,
        request: requestOf(started),
        due: started.guard === 'canary' ? dueOf(id, dueAt) : FieldValue.delete(),
        ...(state === 'running' && {
          ...historyWith(fields, change),
          ...events.append(writes, accepted, (seq) => startedEvent(started, at, seq)),
        }),
      },
      unchanged(found),
    );
    for (const [index, shard] of shards.entries()) {
      const { wave } = shard;
      writes.create(schema.shard(id, index), {
        ...newShard(id, index, shard),
        // those of other waves are sent at another time
        slots: slotsFor(wave?.of ?? shards.length),
        due: dueOf(`${id}${index}`, dueOfShard(shard, dueAt)),
      });
    }
    return true;
  });
}

const newShard = (
  campaignId: string,
  index: number,
  { from, to, wave }: PlannedShard,
): ShardFields => ({
  campaignId,
  index,
  from,
  to,
  ...(wave && { wave: JSON.stringify(wave) }),
  pages: toPages(0, { wave }),
  cursorBucket: null,
  cursorId: null,
  planned: false,
  closed: false,
  openOf: campaignId,
  chunks: 0,
  chunksDone: 0,
  recipients: 0,
  accepted: 0,
  failed: 0,
  skipped: 0,
  reasons: {},
});
