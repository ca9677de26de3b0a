/**
 * The outbox, and the timeline of each campaign. What tells of a campaign's timeline has a number in it,
 * given by the campaign's own document, and stays; the rest goes when it is out.
 */

import { type DocumentSnapshot, FieldValue, type Transaction } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { each } from '../../lib/concurrency.ts';
import { numberInTimeline, progressEvent } from '../../model/campaign-events.ts';
import type { CampaignEvent } from '../../model/event.ts';
import { ANNOUNCE_WITHIN_MS } from '../../model/timing.ts';
import type { Store } from '../../ports/ports.ts';
import { toCampaign } from './campaign-fields.ts';
import { type Client, unchanged } from './client.ts';
import {
  BY_NAME,
  type CampaignFields,
  digest,
  digits,
  dueOf,
  END,
  type EventFields,
  expiry,
  isId,
  type Schema,
} from './schema.ts';

/** Published events marked in one write, and how many such writes run side by side. */
const [NOTED_TOGETHER, NOTES_AT_ONCE] = [100, 4];
/** Of two kinds of names the one with a number comes first, in its order. */
const [IN_TIMELINE, BESIDE] = ['0', '1'];

/** Written in the transaction of what they tell of. */
export function eventWriter(schema: Schema, retentionDays: number) {
  function store(writes: Transaction, events: CampaignEvent[]) {
    for (const it of events) {
      const { id, subject, type, app, at, data } = it;
      const ref = refOf(schema, it);
      writes.create(ref, {
        ...{ id, subject, type, app, at, data: JSON.stringify(data) },
        due: dueOf(ref.id, at + ANNOUNCE_WITHIN_MS),
        expireAt: expiry(at, retentionDays),
      } satisfies EventFields);
    }
  }
  return {
    store,
    /** The next of a campaign's timeline; gives what that changes in the campaign's document. */
    append(
      writes: Transaction,
      { events = 0 }: Pick<CampaignFields, 'events'>,
      make: (seq: number) => CampaignEvent,
    ): { events: number } {
      store(writes, [make(events + 1)]);
      return { events: events + 1 };
    },
  };
}

const refOf = (schema: Schema, it: CampaignEvent) => {
  const seq = numberInTimeline(it);
  return schema.event(
    it.subject,
    seq === null ? `${BESIDE}${digest(it.id)}` : `${IN_TIMELINE}${digits(seq)}`,
  );
};

export type EventWriter = ReturnType<typeof eventWriter>;

export function firestoreEvents(
  client: Client,
  schema: Schema,
  writer: EventWriter,
  counts: Store['counts'],
) {
  const named = (subject: string, from: string, to: string) =>
    client.read(() =>
      schema.events
        .orderBy(BY_NAME)
        .startAfter(`${subject}${END}${from}`)
        .endBefore(`${subject}${END}${to}`)
        .get(),
    );

  return {
    async unpublished(subject) {
      if (!isId(subject)) return [];
      const { docs } = await named(subject, '', END);
      return docs.filter((it) => it.get('due') !== undefined).map(toEvent);
    },

    async published(events) {
      await each(chunked(events, NOTED_TOGETHER), NOTES_AT_ONCE, (some) =>
        client.write(async (writes) => {
          for (const it of some)
            if (numberInTimeline(it) === null) writes.delete(refOf(schema, it));
            else writes.set(refOf(schema, it), { due: FieldValue.delete() }, { merge: true });
        }),
      );
    },

    async timeline(campaignId, after) {
      if (!isId(campaignId)) return [];
      const { docs } = await named(campaignId, `${IN_TIMELINE}${digits(after)}`, BESIDE);
      return docs
        .filter(client.isLive)
        .map(toEvent)
        .map((event) => ({ seq: numberInTimeline(event)!, event }));
    },

    async noteProgress(campaignId, now, everyMs) {
      const ref = isId(campaignId) ? schema.campaign(campaignId) : null;
      if (!ref) return null;
      return client.write(async (writes, attempt) => {
        const [found] = await client.get([ref]);
        const { state, progressAt = 0 } = (found?.data() ?? {}) as CampaignFields;
        // the loser of a race finds that another process was just here
        if (!found?.exists || state !== 'running' || progressAt > now - everyMs) return null;
        if (attempt > 3) return null;
        const event = progressEvent(toCampaign(found), await counts(campaignId), now);
        writes.update(found.ref, { progressAt: now }, unchanged(found));
        writer.store(writes, [event]);
        return event;
      });
    },
  } satisfies Partial<Store>;
}

export function toEvent(found: DocumentSnapshot): CampaignEvent {
  const { id, type, subject, app, at, data } = found.data() as EventFields;
  return { id, type, subject, app, at, data: JSON.parse(data) };
}
