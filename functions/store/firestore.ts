/**
 * The store of the Google engine: Firestore in Native mode. It keeps the promises of the Store port
 * that `test/contracts/store.ts` spells out.
 */

import { FOLDED_AFTER, QUERY_SIZE } from '../model/sizes.ts';
import type { Store } from '../ports/ports.ts';
import { firestoreAudience } from './firestore/audience.ts';
import { firestoreCampaigns } from './firestore/campaigns.ts';
import { firestoreChunks } from './firestore/chunks.ts';
import { createClient, type FirestoreOptions } from './firestore/client.ts';
import { firestoreClose } from './firestore/close.ts';
import { firestoreErase } from './firestore/erase.ts';
import { eventWriter, firestoreEvents } from './firestore/events.ts';
import { firestoreFailures } from './firestore/failures.ts';
import { firestoreFindRecipient } from './firestore/find-recipient.ts';
import { firestoreFrozenAmong } from './firestore/frozen-among.ts';
import { firestoreHistory } from './firestore/history.ts';
import { firestoreKept } from './firestore/kept.ts';
import { firestoreKeys } from './firestore/keys.ts';
import { firestoreMessages } from './firestore/messages.ts';
import { firestoreNamed } from './firestore/named.ts';
import { firestoreOverdue } from './firestore/overdue.ts';
import { MOST_BYTES } from './firestore/pages/codec.ts';
import { LIFE_DAYS } from './firestore/pages/emptying.ts';
import type { PagesOptions } from './firestore/pages/read.ts';
import { firestorePolicies } from './firestore/policies.ts';
import { firestoreFold } from './firestore/receipt-fold.ts';
import { firestoreReceipts } from './firestore/receipts.ts';
import { firestoreImport } from './firestore/registry/import.ts';
import { firestoreInstallations } from './firestore/registry/installations.ts';
import { firestoreNormalize } from './firestore/registry/normalize.ts';
import { firestorePrune } from './firestore/registry/prune.ts';
import { firestoreSchedules } from './firestore/schedules.ts';
import { createSchema } from './firestore/schema.ts';
import { firestoreSegments } from './firestore/segments.ts';
import { firestoreShards } from './firestore/shards.ts';
import { firestoreStanding } from './firestore/standing.ts';
import { firestoreTicks } from './firestore/ticks.ts';
import { firestoreTriggers } from './firestore/triggers.ts';
import { firestoreUploads } from './firestore/uploads.ts';
import { firestoreUsers } from './firestore/users.ts';
import { firestoreWebhooks } from './firestore/webhooks.ts';
import { firestoreZones } from './firestore/zones.ts';
import { pastVerbs } from './past.ts';

export interface FirestoreStoreOptions extends FirestoreOptions {
  /** how long chunks that are done, failures, events and idempotency keys are kept */
  retentionDays?: number;
  /** told when a page of the registry is not what its documents are: a writer sets no markers */
  pagesDiffer?: PagesOptions['onDifference'];
  /** tests read a few documents at a time, and audit when they say */
  pages?: Partial<PagesOptions>;
  /** campaigns that one call of an erasure looks through, some seconds of work; tests take a few */
  erasureSlice?: number;
}

/** Nothing is asked of Firestore yet. Its verbs throw `Unavailable` while it does not serve them. */
export function createFirestoreStore({
  retentionDays = 30,
  pagesDiffer = () => {},
  pages,
  erasureSlice = 3_000,
  random = Math.random,
  ...options
}: FirestoreStoreOptions): Store {
  const pagesOptions: PagesOptions = {
    querySize: QUERY_SIZE,
    mostBytes: MOST_BYTES,
    foldedAfter: FOLDED_AFTER,
    lifeDays: Math.min(LIFE_DAYS, retentionDays),
    random,
    onDifference: pagesDiffer,
    ...pages,
  };
  const client = createClient({ ...options, random });
  const schema = createSchema(client.db);
  const outbox = eventWriter(schema, retentionDays);
  const registry = { client, schema, retentionDays };
  const context = { client, schema, retentionDays, events: outbox };
  const closeShard = firestoreClose(context);
  const shards = firestoreShards(context);
  const { insertFailures, ...failures } = firestoreFailures(client, schema, retentionDays);
  const erase = firestoreErase({ client, schema, retentionDays, closeShard });
  const within = { closeShard, insertFailures, registry, erase };
  const chunks = firestoreChunks(context, within);
  const { dropFromUploads, ...uploads } = firestoreUploads(client, schema);
  const campaigns = firestoreCampaigns(context);
  const counted = firestoreReceipts({ ...context, counts: shards.counts });
  const past = {
    readReceipts: counted.readReceipts,
    getCampaign: campaigns.getCampaign,
    kept: firestoreKept(context),
  };
  return {
    ...firestoreInstallations(registry),
    ...firestoreImport(registry),
    ...firestorePrune(registry),
    ...firestoreNormalize(registry),
    ...firestoreAudience(client, schema, pagesOptions, past),
    ...pastVerbs(past),
    ...firestoreSegments(client, schema),
    ...uploads,
    ...campaigns,
    ...shards,
    ...chunks,
    ...firestoreMessages({ ...registry, events: outbox }),
    ...firestoreStanding(client, schema),
    ...firestoreNamed(client, schema, past),
    ...failures,
    ...counted,
    ...firestoreHistory(client, schema),
    ...firestorePolicies(client, schema),
    ...firestoreSchedules(client, schema),
    ...firestoreTriggers({ client, schema, retentionDays }),
    ...firestoreWebhooks({ client, schema, retentionDays, events: outbox }),
    ...firestoreEvents({ client, schema, writer: outbox, counts: shards.counts }),
    ...firestoreOverdue({ client, schema, closeShard }),
    ...firestoreFindRecipient(context),
    ...firestoreFrozenAmong(context),
    ...firestoreZones(client, schema),
    ...firestoreUsers({ ...registry, erase, dropFromUploads, erasureSlice }),
    ...firestoreKeys(client, schema),
    ...firestoreTicks(client, schema),
    // everything else has a field that says when, in each document
    ...firestoreFold({ client, schema, retentionDays }),

    // a document that is not there
    check: async () => void (await client.get([schema.key('health')])),

    close: () => client.close(),
  };
}
