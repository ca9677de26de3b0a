/**
 * Estimates what a campaign costs on Google Cloud: quantities by arithmetic, prices from prices.ts.
 * Uncertain quantities are rounded up. Free quotas, which cover the first campaigns of a month, are left
 * out.
 */

import { CHUNK_SIZE, QUERY_SIZE, shardsFor } from '../model/sizes.ts';
import { count } from './format.ts';
import { type Priced, prices } from './prices.ts';

interface Asked {
  recipients: number;
  /** installations that are read to find them: more if a condition has no index */
  read: number;
  /** share of the recipients that is not reached; half of them have removed the app */
  failing: number;
}

interface Line {
  service: string;
  what: string;
  price: Priced;
  quantity: number;
  usd: number;
}

/** What is stored of a recipient until it expires: a compressed id. Its token goes when the chunk is done. */
const RECIPIENT_BYTES = 25;
const RETENTION_MONTHS = 1;
/** Duration of a chunk with its claim and commit, alone in its instance. */
const CHUNK_SECONDS = 0.5;
/** https://firebase.google.com/docs/firestore: 18,000 documents a second and CPU were measured. */
const READS_A_SECOND = 15_000;
const MEMORY_GIB = 0.5;
/** Log lines for a request: the platform's, and ours for a commit and its failures. */
const REQUEST_LOG_BYTES = 1_500;
const COMMIT_LOG_BYTES = 1_000;
/** Headers of a few bytes (HPACK), a payload of 250 bytes, framing, TLS. */
const PUSH_BYTES = 400;
const GIB = 2 ** 30;

export function estimate({ recipients, read, failing }: Asked): Line[] {
  const chunks = Math.ceil(recipients / CHUNK_SIZE);
  const pages = Math.ceil(read / QUERY_SIZE);
  const shards = shardsFor(read);
  const gone = Math.ceil((recipients * failing) / 2);
  // the failures between two commits are one document
  const failures = failing > 0 ? chunks : 0;
  // each chunk, each shard (a single one is planned inline), the plan
  const tasks = chunks + (shards > 1 ? shards : 0) + 1;
  // tasks, the call of the API, the delivery of the event
  const requests = tasks + 2;
  const seconds = chunks * CHUNK_SECONDS + read / READS_A_SECOND;

  const line = (service: string, what: string, price: Priced, quantity: number): Line => {
    const { usd, per } = prices[price];
    return { service, what, price, quantity, usd: (quantity / per) * usd };
  };
  return [
    // the count, each installation, each removed one once more; a chunk 8, a page 3, a shard 13
    line(
      ...(['Firestore', 'read', 'read'] as const),
      Math.ceil(read / 1000) + read + gone + 8 * chunks + 3 * pages + 13 * shards,
    ),
    // a chunk: frozen, claimed, committed, its recipients twice, a counter; its failures; whose a removed
    // one was; a page; a shard; the campaign
    line('Firestore', 'write', 'write', 6 * chunks + failures + gone + pages + 3 * shards + 5),
    // installation, token and badge of each removed one; counters; chunks, recipients and failures when
    // they expire
    line('Firestore', 'delete', 'delete', 3 * gone + 3 * chunks + failures),
    line(
      ...(['Firestore', 'keep a month', 'storage'] as const),
      ((recipients * RECIPIENT_BYTES) / GIB) * RETENTION_MONTHS,
    ),
    line('Cloud Tasks', 'queue, deliver', 'task', 2 * tasks),
    line('Functions', 'requests', 'request', requests),
    line('Functions', 'CPU', 'cpu', seconds),
    line('Functions', 'memory', 'memory', seconds * MEMORY_GIB),
    line('Pub/Sub', 'messages', 'pubsub', (2 * 1024) / GIB),
    line(
      ...(['Logging', 'write', 'logging'] as const),
      (requests * REQUEST_LOG_BYTES + chunks * COMMIT_LOG_BYTES) / GIB,
    ),
    line('Network', 'all to Apple', 'egress', (recipients * PUSH_BYTES) / GIB),
  ];
}

export const totalUsd = (lines: Line[]) => lines.reduce((sum, { usd }) => sum + usd, 0);

/** A Markdown table, for a terminal and for a document. */
export function estimateTable(lines: Line[]): string {
  const rows = lines.map(({ service, what, price, quantity, usd }) => {
    const { usd: each, per, unit } = prices[price];
    const many = quantity >= 100 ? count(Math.round(quantity)) : quantity.toPrecision(2);
    return [service, what, `${many} ${unit}`, `$${each} / ${count(per)}`, money(usd)];
  });
  const total = ['Together', '', '', '', money(totalUsd(lines))];
  const all = [['service', 'what', 'how much', 'price', 'USD'], ...rows, total];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const text = (row: string[]) =>
    `| ${row.map((it, i) => (i < 2 ? it.padEnd(widths[i]!) : it.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [text(all[0]!), rule, ...all.slice(1).map(text)].join('\n');
}

export const money = (usd: number) =>
  usd >= 100 ? count(Math.round(usd)) : usd.toFixed(usd < 1 ? 4 : 2);
