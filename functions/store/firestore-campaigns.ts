/** Campaigns. Each change is made under the condition that nobody else made one meanwhile. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import { type Campaign, type CampaignRequest, transitions } from '../pipeline/campaign.ts';
import { acceptedEvent, pausedEvent, startedEvent } from '../pipeline/events.ts';
import type { Store } from '../ports.ts';
import { type Client, unchanged } from './firestore-client.ts';
import type { EventWriter } from './firestore-events.ts';
import {
  type CampaignFields,
  dueOf,
  END,
  expiry,
  type IdempotencyFields,
  isId,
  listedOf,
  type Schema,
  type ShardFields,
  SLOTS,
} from './firestore-schema.ts';
import { merged, pagesOf } from './sorted.ts';

export function firestoreCampaigns(
  client: Client,
  schema: Schema,
  retentionDays: number,
  events: EventWriter,
) {
  const { campaigns, campaign: refOf } = schema;

  async function find(id: string) {
    const [found] = isId(id) ? await client.get([refOf(id)]) : [];
    return found?.exists ? found : null;
  }

  return {
    createCampaign: (campaign, idempotency, dueAt) =>
      client.write(async (writes, attempt) => {
        const { id, app } = campaign;
        const once = idempotency && schema.idempotency(app, idempotency.key);
        // Nothing is read at first: a key is hardly ever used twice. If it was, creating fails, and
        // what is there then may also be our own, if only the answer was lost.
        if (attempt > 1) {
          const [earlier] = await client.get([once ?? refOf(id)]);
          const { campaignId = id, requestHash } = (earlier?.data() ?? {}) as IdempotencyFields;
          const isOurs = campaignId === id;
          if (earlier?.exists && !isOurs) {
            if (requestHash !== idempotency?.requestHash) return { kind: 'conflict' as const };
            const theirs = await find(campaignId);
            if (theirs) return { kind: 'exists' as const, campaign: toCampaign(theirs) };
          } else if (earlier?.exists) return { kind: 'created' as const, campaign };
        }
        writes.create(refOf(id), {
          ...fromCampaign(campaign, dueAt),
          ...events.append(writes, {}, (seq) => acceptedEvent(campaign, seq)),
        });
        if (once)
          writes.create(once, {
            campaignId: id,
            requestHash: idempotency.requestHash,
            expireAt: expiry(campaign.createdAt, retentionDays),
          } satisfies IdempotencyFields);
        return { kind: 'created' as const, campaign };
      }),

    async getCampaign(id) {
      const found = await find(id);
      return found && toCampaign(found);
    },

    async listCampaigns(after, limit) {
      const [at, id] = after === null ? [Number.MAX_SAFE_INTEGER, END] : splitCursor(after);
      // what is read of each slot and not shown is paid for, so this is not much
      const size = Math.ceil((limit + 1) / SLOTS.length) + 1;
      const lists = SLOTS.map((slot) => {
        const query = campaigns.orderBy('listed', 'desc').endAt(`${slot}${END}`).limit(size);
        const read = async (last: DocumentSnapshot | null) => {
          const start = last?.get('listed') ?? listedOf(id, at, slot);
          return (await client.read(() => query.startAfter(start).get())).docs;
        };
        return pagesOf<DocumentSnapshot>(read, size);
      });
      const timeAndId = (it: DocumentSnapshot): string => it.get('listed').slice(2);
      const found: DocumentSnapshot[] = [];
      for await (const page of merged(lists, (a, b) => (timeAndId(a) < timeAndId(b) ? 1 : -1))) {
        found.push(...page);
        if (found.length > limit) break;
      }
      const items = found.slice(0, limit).map(toCampaign);
      const last = items.at(-1);
      return {
        items,
        next: found.length > limit && last ? `${last.createdAt}.${last.id}` : null,
      };
    },

    startCampaign: (id, ranges, dueAt, at = Date.now()) =>
      client.write(async (writes) => {
        const found = await find(id);
        if (!found) return false;
        const fields = found.data() as CampaignFields;
        const { shards, state } = fields;
        if (shards > 0 || (state !== 'accepted' && state !== 'cancelling')) return false;
        writes.update(
          found.ref,
          {
            shards: ranges.length,
            state: state === 'accepted' ? 'running' : state,
            due: FieldValue.delete(),
            ...(state === 'accepted' &&
              events.append(writes, fields, (seq) =>
                startedEvent({ ...toCampaign(found), state: 'running' }, at, seq),
              )),
          },
          unchanged(found),
        );
        for (const [index, range] of ranges.entries())
          writes.create(schema.shard(id, index), {
            ...{ campaignId: id, index, from: range.from, to: range.to },
            ...{ pages: 0, cursorBucket: null, cursorId: null, planned: false, closed: false },
            ...{ chunks: 0, chunksDone: 0, recipients: 0, accepted: 0, failed: 0, skipped: 0 },
            ...{ reasons: {}, due: dueOf(`${id}${index}`, dueAt) },
          } satisfies ShardFields);
        return true;
      }),

    moveCampaign: (id, from, to, reason, at = Date.now()) =>
      client.write(async (writes) => {
        const found = await find(id);
        if (!found) return null;
        const campaign = toCampaign(found);
        if (!from.includes(campaign.state) || !transitions[campaign.state].includes(to))
          return null;
        const moved = { ...campaign, state: to, reason };
        const told =
          to === 'paused' &&
          events.append(writes, found.data() as CampaignFields, (seq) =>
            pausedEvent(moved, at, seq),
          );
        writes.update(found.ref, { state: to, reason, ...told }, unchanged(found));
        return moved;
      }),

    async notePush(campaignId, at) {
      const earliest = (await find(campaignId))?.get('firstPushAt');
      if (earliest === undefined || (earliest !== null && earliest <= at)) return;
      await client.write(async (writes) => {
        writes.update(refOf(campaignId), { firstPushAt: FieldValue.minimum(at) });
      });
    },
  } satisfies Partial<Store>;
}

function splitCursor(cursor: string): [number, string] {
  const dot = cursor.indexOf('.');
  return [Number(cursor.slice(0, dot)) || 0, cursor.slice(dot + 1)];
}

function fromCampaign(campaign: Campaign, dueAt: number): CampaignFields {
  const { id, state, reason, createdAt, firstPushAt, closedAt, shards, ...request } = campaign;
  return {
    app: campaign.app,
    request: JSON.stringify(request satisfies CampaignRequest),
    ...{ state, reason, createdAt, firstPushAt, closedAt, shards },
    shardsDone: 0,
    listed: listedOf(id, createdAt),
    open: true,
    due: dueOf(id, dueAt),
  };
}

export function toCampaign(found: DocumentSnapshot): Campaign {
  const { request, state, reason, createdAt, firstPushAt, closedAt, shards } =
    found.data() as CampaignFields;
  return {
    id: found.id,
    ...(JSON.parse(request) as CampaignRequest),
    ...{ state, reason, createdAt, firstPushAt, closedAt, shards },
  };
}
