/** Campaigns. Each change is made under the condition that nobody else made one meanwhile. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import { noCounts, SYSTEM, type Trial, transitions } from '../../model/campaign.ts';
import {
  acceptedEvent,
  closedEvent,
  pausedEvent,
  startedEvent,
} from '../../model/campaign-events.ts';
import type { Store } from '../../ports/ports.ts';
import { timeAndName } from '../cursor.ts';
import { firstOf, merged } from '../sorted.ts';
import {
  begins,
  dueAfter,
  mayStart,
  movedTo,
  startedAt,
  turnOf,
  withoutGuard,
  withoutTask,
} from '../timeline.ts';
import { expiryOf, fromCampaign, historyWith, requestOf, toCampaign } from './campaign-fields.ts';
import { type Client, unchanged } from './client.ts';
import { liveOf } from './documents.ts';
import type { EventWriter } from './events.ts';
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
} from './schema.ts';

export function firestoreCampaigns(
  client: Client,
  schema: Schema,
  retentionDays: number,
  events: EventWriter,
) {
  const { campaigns, campaign: refOf } = schema;

  async function find(id: string) {
    const [found] = isId(id) ? await client.get([refOf(id)]) : [];
    return client.isLive(found) ? found : null;
  }

  /** What a key was used for; null if that has expired, or its campaign has. */
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
        // Nothing is read at first: a key is hardly ever used twice. If it was, creating fails, and
        // what is there then may also be our own, if only the answer was lost.
        let expired: DocumentSnapshot | undefined;
        if (attempt > 1) {
          const [earlier] = await client.get([once ?? refOf(id)]);
          const { campaignId = id } = (earlier?.data() ?? {}) as IdempotencyFields;
          if (earlier?.exists && campaignId === id) return { kind: 'created' as const, campaign };
          const found = idempotency && (await madeWith(earlier, idempotency));
          if (found) return found;
          // what it was made for is gone, or will be: the key is free
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
            // of one that is far away, until it has begun at least
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

    async getCampaign(id) {
      const found = await find(id);
      return found && toCampaign(found);
    },

    async listCampaigns(after, limit) {
      const [at, id] = after === null ? [Number.MAX_SAFE_INTEGER, END] : timeAndName(after);
      // what is read of each slot and not shown is paid for, so this is not much
      const size = Math.ceil((limit + 1) / SLOTS.length) + 1;
      const lists = SLOTS.map((slot) => {
        const query = campaigns
          .orderBy('listed', 'desc')
          .startAfter(listedOf(id, at, slot))
          .endAt(`${slot}${END}`)
          .limit(size);
        return liveOf(client, query);
      });
      const timeAndId = (it: DocumentSnapshot): string => it.get('listed').slice(2);
      const newestFirst = merged(lists, (a, b) => (timeAndId(a) < timeAndId(b) ? 1 : -1));
      const { items: found, more } = await firstOf(newestFirst, limit);
      const items = found.map(toCampaign);
      const last = items.at(-1);
      return { items, next: more && last ? `${last.createdAt}.${last.id}` : null };
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
                ...{ at, by: SYSTEM, from: before.state, to: 'running', reason: null },
              }),
              ...events.append(writes, fields, (seq) => startedEvent(started, at, seq)),
            }),
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

    moveCampaign: (id, from, to, reason, at = Date.now(), by = SYSTEM, guard) =>
      client.write(async (writes) => {
        const found = await find(id);
        if (!found) return null;
        const campaign = toCampaign(found);
        if (!from.includes(campaign.state) || !transitions[campaign.state].includes(to))
          return null;
        const moved = movedTo(campaign, to, reason, at, guard);
        const fields = found.data() as CampaignFields;
        const dueAt = dueAfter(moved, at);
        const paused =
          to === 'paused' && events.append(writes, fields, (seq) => pausedEvent(moved, at, seq));
        const closed = moved.closedAt !== campaign.closedAt && {
          ...{ closedAt: moved.closedAt, open: FieldValue.delete() },
          ...expiryOf(fields, at, retentionDays),
          ...events.append(writes, fields, (seq) => closedEvent(moved, noCounts(), seq)),
        };
        writes.update(
          found.ref,
          {
            ...{ state: to, reason, request: requestOf(moved), ...paused, ...closed },
            due: dueAt === null ? FieldValue.delete() : dueOf(id, dueAt),
            ...historyWith(fields, { at, by, from: campaign.state, to, reason }),
          },
          unchanged(found),
        );
        return moved;
      }),

    reschedule: (id, startAt, dueAt, at, by) =>
      client.write(async (writes) => {
        const found = await find(id);
        const campaign = found && toCampaign(found);
        if (!found || campaign?.state !== 'scheduled') return null;
        const changed = { ...campaign, schedule: { at: startAt } };
        writes.update(
          found.ref,
          {
            ...{ request: requestOf(changed), due: dueOf(id, dueAt) },
            ...historyWith(found.data() as CampaignFields, {
              ...{ at, by, from: 'scheduled', to: 'scheduled', reason: begins(startAt) },
            }),
          },
          unchanged(found),
        );
        return changed;
      }),

    passCanary: (id, at, reason) =>
      client.write(async (writes) => {
        const found = await find(id);
        const campaign = found && toCampaign(found);
        if (!found || campaign?.state !== 'running' || campaign.guard !== 'canary') return false;
        writes.update(
          found.ref,
          {
            ...{ request: requestOf(withoutGuard(campaign, at)), due: FieldValue.delete() },
            ...historyWith(found.data() as CampaignFields, {
              ...{ at, by: SYSTEM, from: 'running', to: 'running', reason },
            }),
          },
          unchanged(found),
        );
        return true;
      }),

    redriven: (id, task) =>
      client.write(async (writes) => {
        const found = await find(id);
        const campaign = found && toCampaign(found);
        if (!found || campaign?.task !== task) return;
        writes.update(
          found.ref,
          {
            request: requestOf(withoutTask(campaign)),
            ...(campaign.guard !== 'canary' && { due: FieldValue.delete() }),
          },
          unchanged(found),
        );
      }),

    async notePush(campaignId, at, acceptedBy) {
      const found = await find(campaignId);
      if (!found) return;
      const { firstPushAt, trials } = toCampaign(found);
      const isEarlier = firstPushAt === null || at < firstPushAt;
      const isNew = acceptedBy && turnOf(trials?.[acceptedBy], '', at) !== 'accepted';
      if (!isEarlier && !isNew) return;
      await client.write(async (writes) => {
        writes.update(refOf(campaignId), {
          ...(isEarlier && { firstPushAt: FieldValue.minimum(at) }),
          ...(isNew && { [`trials.${acceptedBy}`]: { acceptedAt: at } satisfies Trial }),
        });
      });
    },

    claimTrial: (campaignId, provider, by, until, now) =>
      client.write(async (writes) => {
        const found = await find(campaignId);
        if (!found) return 'accepted';
        const turn = turnOf(toCampaign(found).trials?.[provider], by, now);
        if (turn === 'ours')
          writes.update(
            found.ref,
            { [`trials.${provider}`]: { by, until } satisfies Trial },
            unchanged(found),
          );
        return turn;
      }),
  } satisfies Partial<Store>;
}
