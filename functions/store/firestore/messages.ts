/**
 * Messages: one document, written twice. The first write is an accepted campaign, which its planner can
 * begin if the process that sends the message dies; the second one is the outcome.
 *
 * A message that came with an idempotency key is named by it. So the key needs no document of its own,
 * and a second message with that key cannot be created.
 */

import {
  type DocumentSnapshot,
  FieldValue,
  type Timestamp,
  type Transaction,
} from '@google-cloud/firestore';
import {
  type Campaign,
  type CampaignState,
  isClosed,
  SYSTEM,
  sumsOf,
} from '../../model/campaign.ts';
import type { ClosedMessage, Created, Idempotency, SentMessage, Store } from '../../ports/ports.ts';
import { requestOf } from '../campaign-request.ts';
import { messageEvents, type Outcome, outcomeOf } from '../messages.ts';
import { expiryOf, fromCampaign, historyWith, outcomeIn, toCampaign } from './campaign-fields.ts';
import { unchanged } from './client.ts';
import type { EventWriter } from './events.ts';
import { usedBefore } from './idempotency.ts';
import type { Registry } from './registry/registry.ts';
import { forget } from './registry/removal.ts';
import { type CampaignFields, digest, keyedId } from './schema.ts';

/** A message's document as it was last read or written, and when that was. */
interface Version {
  fields: CampaignFields;
  updateTime: Timestamp;
}

interface Context extends Registry {
  events: EventWriter;
  /** messages that this process has just created: closing one of them needs no read */
  created: WeakMap<Campaign, Version>;
}

export function firestoreMessages(parts: Omit<Context, 'created'>) {
  const context: Context = { ...parts, created: new WeakMap() };
  return {
    createMessage: (campaign, idempotency, by = SYSTEM) =>
      createMessage(context, campaign, idempotency, by),

    closeMessage: (sent) => closeMessage(context, sent),
  } satisfies Partial<Store>;
}

async function createMessage(
  context: Context,
  asked: Campaign,
  idempotency: Idempotency | null,
  by: string,
): Promise<Created> {
  const { client, schema, created } = context;
  const id = idempotency ? keyedId(asked.app, idempotency.key) : asked.id;
  const campaign = { ...asked, id };
  const { createdAt: at, state } = campaign;
  const fields: CampaignFields = {
    ...fromCampaign(campaign, campaign.sending!.until),
    ...historyWith({}, { at, by, from: null, to: state, reason: null }),
    quiet: true,
    ...(idempotency && { requestHash: idempotency.requestHash }),
  };
  const ref = schema.campaign(id);
  const updateTime = await client.create(ref, fields);
  if (updateTime) {
    created.set(campaign, { fields, updateTime });
    return { kind: 'created', campaign };
  }
  return client.write(async (writes) => {
    const [found] = await client.get([ref]);
    // this call's own doing: the answer of its first attempt was lost
    if (found?.exists && isSending(found, campaign)) return { kind: 'created', campaign };
    const before = idempotency && (await usedBefore(client, schema, found, idempotency));
    if (before) return before;
    // what used the key has expired
    if (found?.exists) writes.delete(ref, unchanged(found));
    writes.create(ref, fields);
    return { kind: 'created', campaign };
  });
}

const isSending = (found: DocumentSnapshot, { sending }: Campaign) =>
  found.get('request') !== undefined && toCampaign(found).sending?.by === sending!.by;

/** Null if another process has begun it. */
async function closeMessage(context: Context, sent: SentMessage): Promise<ClosedMessage | null> {
  const { client, schema, created } = context;
  const ref = schema.campaign(sent.campaign.id);
  return client.write(async (writes, attempt) => {
    const known = attempt === 1 ? created.get(sent.campaign) : undefined;
    if (known) return writeOutcome(context, writes, sent, sent.campaign, known);
    const [found] = await client.get([ref]);
    if (!found?.exists) return null;
    const fields = found.data() as CampaignFields;
    const campaign = toCampaign(found);
    const outcome = outcomeIn(fields);
    if (outcome?.by === sent.campaign.sending!.by) return closedOf(campaign, outcome);
    if (isClosed(campaign.state) || campaign.shards > 0 || !isSending(found, sent.campaign))
      return null;
    const version = { fields, updateTime: found.updateTime! };
    return writeOutcome(context, writes, sent, campaign, version);
  });
}

const closedOf = (campaign: Campaign, { counts, failures }: Outcome): ClosedMessage => ({
  campaign,
  counts,
  failures,
});

/** Writes the outcome and closes the message, as `campaign` is now. */
async function writeOutcome(
  context: Context,
  writes: Transaction,
  sent: SentMessage,
  campaign: Campaign,
  { fields, updateTime }: Version,
): Promise<ClosedMessage> {
  const { schema, retentionDays } = context;
  const { now } = sent;
  const dead = sent.commits.flatMap((it) => it.forget);
  const forgotten = await forget(context, writes, campaign.app, dead);
  const erased = new Set<string>(JSON.parse(fields.erase ?? '[]'));
  const outcome = outcomeOf(sent, (key) => erased.has(digest(key)), forgotten);
  const closed = { ...closedBy(campaign, sent), sums: sumsOf(outcome.counts) };
  writes.update(
    schema.campaign(campaign.id),
    {
      state: closed.state,
      reason: null,
      request: requestOf(closed),
      firstPushAt: closed.firstPushAt,
      closedAt: now,
      shards: 1,
      shardsDone: 1,
      sums: closed.sums,
      outcome: JSON.stringify(outcome),
      ...(closed.trials && { trials: closed.trials }),
      open: FieldValue.delete(),
      due: FieldValue.delete(),
      erase: FieldValue.delete(),
      ...expiryOf(fields, now, retentionDays),
      ...historyOfClose(fields, campaign.state, closed.state, now),
      ...storeEvents(context, writes, { sent, closed, outcome, fields }),
    },
    { lastUpdateTime: updateTime },
  );
  return closedOf(closed, outcome);
}

/** The campaign once it is closed. */
function closedBy({ sending: _, ...campaign }: Campaign, sent: SentMessage): Campaign {
  const { now, firstPushAt, acceptedBy } = sent;
  const accepted = acceptedBy.map((it) => [it, { acceptedAt: firstPushAt ?? now }] as const);
  return {
    ...campaign,
    state: campaign.state === 'cancelling' ? 'cancelled' : 'completed',
    reason: null,
    firstPushAt,
    closedAt: now,
    shards: 1,
    ...(accepted.length > 0 && { trials: Object.fromEntries(accepted) }),
  };
}

/** It was running in between, as any campaign is. */
function historyOfClose(
  fields: CampaignFields,
  from: CampaignState,
  to: CampaignState,
  at: number,
) {
  const change = { at, by: SYSTEM, reason: null };
  if (from !== 'accepted') return historyWith(fields, { ...change, from, to });
  const begun = historyWith(fields, { ...change, from, to: 'running' });
  return historyWith(begun, { ...change, from: 'running', to });
}

/** Stores the events of a message that a webhook listens to, or of which some are stored already. */
function storeEvents(
  { events }: Context,
  writes: Transaction,
  it: { sent: SentMessage; closed: Campaign; outcome: Outcome; fields: CampaignFields },
) {
  const { sent, closed, outcome, fields } = it;
  if (!sent.isTold && fields.quiet) return {};
  events.store(
    writes,
    sent.commits.flatMap((commit) => commit.events ?? []),
  );
  const [accepted, started, ended] = messageEvents(closed, outcome);
  if (!fields.quiet) return events.append(writes, fields, (seq) => ended(seq));
  events.store(writes, [accepted(1), started(2), ended(3)]);
  return { events: 3, quiet: FieldValue.delete() };
}
