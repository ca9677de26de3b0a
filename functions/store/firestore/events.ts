/**
 * The outbox, and the timeline of each campaign. An event of the timeline has a number, given by the
 * campaign's own document, and is kept; any other event is deleted once it is published.
 */

import { type DocumentSnapshot, FieldValue, type Transaction } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { each } from '../../lib/concurrency.ts';
import type { Campaign } from '../../model/campaign.ts';
import { acceptedEvent, numberInTimeline, progressEvent } from '../../model/campaign-events.ts';
import type { CampaignEvent } from '../../model/event.ts';
import { ANNOUNCE_WITHIN_MS } from '../../model/timing.ts';
import type { Store } from '../../ports/ports.ts';
import { messageEvents } from '../messages.ts';
import { findCampaign, outcomeIn, toCampaign } from './campaign-fields.ts';
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
/**
 * There are two kinds of names: those with a number come first, in its order. Behind them is what says that
 * receipts are to be told.
 */
const [IN_TIMELINE, BESIDE, UNTOLD] = ['0', '1', '2'];

/** Stores events in the transaction of what they tell of. */
export function eventWriter(schema: Schema, retentionDays: number) {
  function store(writes: Transaction, events: CampaignEvent[]) {
    for (const it of events) {
      const ref = refOf(schema, it);
      writes.create(ref, {
        id: it.id,
        subject: it.subject,
        type: it.type,
        app: it.app,
        at: it.at,
        data: JSON.stringify(it.data),
        due: dueOf(ref.id, it.at + ANNOUNCE_WITHIN_MS),
        expireAt: expiry(it.at, retentionDays),
      } satisfies EventFields);
    }
  }
  return {
    store,
    /**
     * Stores that a campaign was accepted, if its creation did not; gives what that changes in the
     * campaign's document.
     */
    accept(
      writes: Transaction,
      { events = 0, quiet }: Pick<CampaignFields, 'events' | 'quiet'>,
      campaign: Campaign,
    ) {
      if (!quiet) return { events };
      store(writes, [acceptedEvent({ ...campaign, state: 'accepted', reason: null }, events + 1)]);
      return { events: events + 1, quiet: FieldValue.delete() };
    },
    /** Stores the next event of a campaign's timeline; gives what that changes in the campaign's document. */
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

interface Context {
  client: Client;
  schema: Schema;
  writer: EventWriter;
  counts: Store['counts'];
}

export function firestoreEvents(context: Context) {
  const { client, schema } = context;
  return {
    async unpublished(subject) {
      if (!isId(subject)) return [];
      const { docs } = await eventsOf(context, subject, '', UNTOLD);
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
      // the event `after` is read with those behind it: a query that finds nothing costs a read too, and
      // a message of which no event is stored one more
      const from = after > 0 ? `${IN_TIMELINE}${digits(after - 1)}` : IN_TIMELINE;
      const { docs } = await eventsOf(context, campaignId, from, BESIDE);
      const events =
        docs.length > 0
          ? docs.filter(client.isLive).map(toEvent)
          : await eventsOfMessage(context, campaignId);
      return events
        .map((event) => ({ seq: numberInTimeline(event)!, event }))
        .filter(({ seq }) => seq > after);
    },

    noteProgress: (campaignId, now, everyMs) => noteProgress(context, campaignId, now, everyMs),
  } satisfies Partial<Store>;
}

/** The events of a campaign or webhook whose names are between these two. */
const eventsOf = ({ client, schema }: Context, subject: string, from: string, to: string) =>
  client.read(() =>
    schema.events
      .orderBy(BY_NAME)
      .startAfter(`${subject}${END}${from}`)
      .endBefore(`${subject}${END}${to}`)
      .get(),
  );

/** The timeline of a closed message of which no event is stored, since no webhook listened. */
async function eventsOfMessage({ client, schema }: Context, id: string): Promise<CampaignEvent[]> {
  const found = await findCampaign(client, schema, id);
  if (!found?.get('quiet')) return [];
  const outcome = outcomeIn(found.data() as CampaignFields);
  return outcome
    ? messageEvents(toCampaign(found), outcome).map((make, index) => make(index + 1))
    : [];
}

async function noteProgress(
  { client, schema, writer, counts }: Context,
  campaignId: string,
  now: number,
  everyMs: number,
) {
  if (!isId(campaignId)) return null;
  return client.write(async (writes, attempt) => {
    const [found] = await client.get([schema.campaign(campaignId)]);
    const { state, progressAt = 0 } = (found?.data() ?? {}) as CampaignFields;
    // the loser of a race finds that another process was just here
    if (!found?.exists || state !== 'running' || progressAt > now - everyMs) return null;
    if (attempt > 3) return null;
    const event = progressEvent(toCampaign(found), await counts(campaignId), now);
    writes.update(found.ref, { progressAt: now }, unchanged(found));
    writer.store(writes, [event]);
    return event;
  });
}

export function toEvent(found: DocumentSnapshot): CampaignEvent {
  const { id, type, subject, app, at, data } = found.data() as EventFields;
  return { id, type, subject, app, at, data: JSON.parse(data) };
}
