/**
 * Estimates what a campaign costs on Google Cloud: quantities by arithmetic, prices from prices.ts. Tests
 * count the documents and bytes of small campaigns and compare them with this arithmetic; the seconds are
 * those of the simulation (`npm run bench -- scale`). Free quotas, which cover the first campaigns of a
 * month, are left out.
 */

import type { Provider } from '../provider/registry.ts';
import { CHUNK_SIZE, LOOKED_THROUGH, QUERY_SIZE, shardsFor } from '../sizes.ts';
import { documentsOf, pagesFor, RECEIPT_DOCUMENTS } from './documents.ts';
import { type Priced, prices } from './prices.ts';

interface Asked {
  recipients: number;
  /** installations that are looked through to find them: all of the app, unless an index finds fewer */
  read: number;
  /** share of the recipients that is not reached; half of them have removed the app */
  failing: number;
  /** share of those installations that changed since the last campaign (default: 1.5 %); 1: it is the first */
  changed?: number;
  /** share of the recipients that change their time zone in a day (default: 0.5 %) */
  moved?: number;
  /** share of the recipients that APNs reaches (default: 1); FCM reaches the others */
  apns?: number;
  /** by local time or quiet hours: they are looked through for each (default: 1) */
  waves?: number;
}

export interface Line {
  service: string;
  what: string;
  price: Priced;
  quantity: number;
  usd: number;
}

/** Bytes that a chunk stores for a recipient when it is done, until the retention ends: an id, an outcome. */
export const STORED_BYTES = 18;
const RETENTION_MONTHS = 1;
/** Seconds of instances for a million recipients, planners and senders, with their starts. */
export const SECONDS_A_MILLION: Record<Provider, number> = { apns: 70, fcm: 145 };
const MEMORY_GIB = 0.5;
/** Tasks that wake functions before a large campaign (functions/pipeline/wake.ts), at most. */
const WAKES = 48;
/** Log lines for a request: the platform's, and ours for a commit and its failures. */
const REQUEST_LOG_BYTES = 1_500;
const COMMIT_LOG_BYTES = 1_000;
/** On the wire for a push with a title and a body: headers (HPACK), payload, framing, TLS. */
export const PUSH_BYTES: Record<Provider, number> = { apns: 350, fcm: 800 };
const GIB = 2 ** 30;

/** Each chunk, each shard (a single one is planned inline), the plan. */
export const tasksOf = ({ chunks, shards }: { chunks: number; shards: number }) =>
  chunks + (shards > 1 ? shards : 0) + 1;

/** As the tables of docs/operations.md have it. */
export const USUAL = { failing: 0.02, changed: 0.015, moved: 0.005, apns: 1 } as const;

export function estimate({
  recipients,
  read,
  failing,
  changed = USUAL.changed,
  moved = USUAL.moved,
  apns = USUAL.apns,
  waves = 1,
}: Asked): Line[] {
  // each wave has shards of its own, and devices that move have the last one
  const shards = waves > 1 ? waves * shardsOfWave(read, waves) + 1 : shardsFor(read);
  // the last chunk of a shard is not full
  const chunks = Math.ceil(recipients / CHUNK_SIZE) + (waves > 1 ? Math.ceil(shards / 2) : 0);
  const documents = documentsOf({
    chunks,
    shards,
    frozen: Math.max(shards, Math.ceil(recipients / Math.max(CHUNK_SIZE, QUERY_SIZE))),
    failing: failing > 0 ? chunks : 0,
    removed: Math.ceil((recipients * failing) / 2),
    looked: read,
    moved: Math.ceil(recipients * moved),
    pages: pagesFor(read),
    waves,
    changed: changed < 1 ? Math.ceil(read * changed) : null,
  });
  const tasks = tasksOf({ chunks, shards }) + (chunks > 1 ? WAKES : 2);
  // tasks, the call of the API, the delivery of the event
  const requests = tasks + 2;
  const by: Record<Provider, number> = { apns: recipients * apns, fcm: recipients * (1 - apns) };
  const seconds = (by.apns * SECONDS_A_MILLION.apns + by.fcm * SECONDS_A_MILLION.fcm) / 1_000_000;

  const line = (service: string, what: string, price: Priced, quantity: number): Line => {
    const { usd, per } = prices[price];
    return { service, what, price, quantity, usd: (quantity / per) * usd };
  };
  return [
    line('Firestore', 'read', 'read', documents.reads),
    line('Firestore', 'write', 'write', documents.writes),
    line('Firestore', 'delete', 'delete', documents.deletes),
    line(
      'Firestore',
      'keep a month',
      'storage',
      ((recipients * STORED_BYTES) / GIB) * RETENTION_MONTHS,
    ),
    line('Cloud Tasks', 'queue, deliver', 'task', 2 * tasks),
    line('Functions', 'requests', 'request', requests),
    line('Functions', 'CPU', 'cpu', seconds),
    line('Functions', 'memory', 'memory', seconds * MEMORY_GIB),
    line('Pub/Sub', 'messages', 'pubsub', (2 * 1024) / GIB),
    line(
      'Logging',
      'write',
      'logging',
      (requests * REQUEST_LOG_BYTES + chunks * COMMIT_LOG_BYTES) / GIB,
    ),
    line('Network', 'to Apple', 'egress', (by.apns * PUSH_BYTES.apns) / GIB),
    line('Network', 'to FCM', 'google', (by.fcm * PUSH_BYTES.fcm) / GIB),
  ].filter(({ quantity }) => quantity > 0);
}

/** Of equal waves (functions/pipeline/plan/cut.ts). */
const shardsOfWave = (read: number, waves: number) =>
  Math.max(shardsFor(read / waves), Math.floor(shardsFor(read) / LOOKED_THROUGH));

/** The share of recipients that open a campaign, for its estimate. */
export const USUAL_OPENS = 0.05;

/** What so many receipts cost that come in a call each, one by one; several for a set are one write. */
export function receiptLines(receipts: number): Line[] {
  const line = (service: string, what: string, price: Priced, quantity: number): Line => {
    const { usd, per } = prices[price];
    return { service, what, price, quantity, usd: (quantity / per) * usd };
  };
  return [
    line('Firestore', 'read', 'read', RECEIPT_DOCUMENTS.reads * receipts),
    line('Firestore', 'write', 'write', RECEIPT_DOCUMENTS.writes * receipts),
    line('Functions', 'requests', 'request', receipts),
  ];
}

/**
 * US dollars of a campaign to so many, at list prices. `failing`: the share that is not reached; `by`: the
 * recipients of each provider, as far as they are known (default: all are reached by APNs); `waves`: those
 * of local time or quiet hours.
 */
export function campaignUsd(
  recipients: number,
  failing: number,
  by: Partial<Record<Provider, number>> = {},
  waves = 1,
): number {
  const known = Object.values(by).reduce((sum, it) => sum + it, 0);
  const apns = known > 0 ? (by.apns ?? 0) / known : USUAL.apns;
  return totalUsd(estimate({ recipients, read: recipients, failing, apns, waves }));
}

/** Sets of devices that a page of the recipients reads and writes for caps, and where they start. */
const [CAP_READS_A_MILLION, CAP_WRITES_A_MILLION] = [1_300, 1_100];
/** Where sets of an app start is in so many documents: a small campaign reads all of them. */
const CAP_CELLS = 16;

/** US dollars that caps add to a campaign to so many. */
export const capsUsd = (recipients: number): number =>
  ((CAP_CELLS + (recipients / 1_000_000) * CAP_READS_A_MILLION) / prices.read.per) *
    prices.read.usd +
  ((CAP_CELLS + (recipients / 1_000_000) * CAP_WRITES_A_MILLION) / prices.write.per) *
    prices.write.usd;

export const totalUsd = (lines: Line[]) => lines.reduce((sum, { usd }) => sum + usd, 0);
