/**
 * Receipts: a row for each campaign, kind and installation, and their sums in a row of the campaign, written
 * by the same transaction. An installation is named by its bucket and the next four bytes of the hash
 * (`receiptName`). `due_at`: when the sweep looks whether there is something to tell.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Campaign, Sums } from '../../model/campaign.ts';
import { receiptsEvent } from '../../model/campaign-events.ts';
import {
  bucketIn,
  noReceipts,
  type Receipt,
  type ReceiptCounts,
  type ReceiptKind,
  receiptKinds,
  receiptName,
} from '../../model/receipt.ts';
import { receiptsEnd } from '../../model/receipt-sets.ts';
import type { NewReceipts, ReceiptRecord, ReceiptResult, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { type Device, wasTheirs } from '../erasure.ts';
import { findCampaign } from './campaign-rows.ts';
import type { SqliteEvents } from './events.ts';

/** The sweep tells what was counted this long after it, in ms, unless it is told before. */
const TOLD_WITHIN_MS = 5_000;

/** Rows read in one query: some milliseconds. */
const PART = 10_000;

interface Context {
  db: Database;
  events: SqliteEvents;
  counts(campaignId: string): Sums;
  retentionDays: number;
  now(): number;
}

/** Numbers of kinds in the table, so the order of `receiptKinds` never changes. */
const numberOf = (kind: ReceiptKind) => receiptKinds.indexOf(kind);
const KEY = 'campaign_id = ? AND kind = ? AND bucket = ? AND tail = ?';

function nameOf(installationId: string) {
  const name = receiptName(installationId);
  return {
    bucket: bucketIn(name),
    tail: Number.parseInt(name.slice(8), 16),
  };
}

const hex = (it: number) => it.toString(16).padStart(8, '0');

export function sqliteReceipts(context: Context) {
  const { db } = context;
  return {
    addReceipts: (added) => db.together(() => add(context, added), true),
    receiptCounts: async (campaignId) => countsOf(db, campaignId).counts,
    readReceipts: (campaignId, kind, range) => read(context, campaignId, kind, range),
    noteReceipts: async (campaignId, now, everyMs) =>
      db.transaction(() => note(context, campaignId, now - everyMs, now)),
  } satisfies Partial<Store>;
}

/** Whether receipts of the campaign are kept at that time, in ms. */
const isKept = (campaign: Campaign | null, { retentionDays }: Context, now: number) =>
  campaign !== null && now < receiptsEnd(campaign, retentionDays);

function add(context: Context, { campaign: { id }, receipts, now, isTold }: NewReceipts) {
  const { db } = context;
  const campaign = findCampaign(db, id);
  if (!campaign || !isKept(campaign, context, now)) return receipts.map(() => 'unknown' as const);
  const results = receipts.map((it) => addOne(db, campaign, it));
  const added = noReceipts();
  for (const [index, { kind }] of receipts.entries())
    if (results[index] === 'counted') added[kind] += 1;
  if (results.includes('counted'))
    db.sql(
      `INSERT INTO receipt_counts (campaign_id, opened, delivered, dismissed, due_at)
       VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET opened = opened + ?2,
         delivered = delivered + ?3, dismissed = dismissed + ?4, due_at = ifnull(due_at, ?5)`,
    ).run(
      ...[id, added.opened, added.delivered, added.dismissed],
      isTold ? now + TOLD_WITHIN_MS : null,
    );
  return results;
}

function addOne(
  { sql }: Database,
  { id: campaignId, app }: Campaign,
  { installationId: id, kind, at }: Receipt,
): ReceiptResult {
  const { bucket, tail } = nameOf(id);
  const isThere = sql('SELECT 1 FROM installations WHERE app = ? AND bucket = ? AND id = ?');
  if (!isThere.get(app, bucket, id)) return 'unknown';
  const { changes } = sql('INSERT OR IGNORE INTO receipts VALUES (?,?,?,?,?)').run(
    ...[campaignId, numberOf(kind), bucket, tail],
    Math.floor(at / 1000) * 1000,
  );
  return changes === 0 ? 'known' : 'counted';
}

interface CountRow extends ReceiptCounts {
  told: string;
  told_at: number;
}

function countsOf({ sql }: Database, campaignId: string) {
  const row = sql<CountRow>('SELECT * FROM receipt_counts WHERE campaign_id = ?').get(campaignId);
  if (!row) return { counts: noReceipts(), told: '', toldAt: 0 };
  const { opened, delivered, dismissed, told, told_at: toldAt } = row;
  return { counts: { opened, delivered, dismissed }, told, toldAt };
}

async function* read(
  context: Context,
  campaignId: string,
  kind: ReceiptKind,
  { from, to }: { from: number; to: number },
) {
  const { db, now } = context;
  if (!isKept(findCampaign(db, campaignId), context, now())) return;
  for (let [bucket, tail] = [from, -1]; ; ) {
    const rows = db
      .sql(
        `SELECT bucket, tail, at FROM receipts WHERE campaign_id = ? AND kind = ?
           AND (bucket, tail) > (?, ?) AND bucket < ? ORDER BY bucket, tail LIMIT ${PART}`,
      )
      .lists(campaignId, numberOf(kind), bucket, tail, to) as [number, number, number][];
    const last = rows.at(-1);
    if (!last) return;
    yield {
      names: rows.map((it) => `${hex(it[0])}${hex(it[1])}`),
      times: rows.map((it) => it[2]),
    };
    [bucket, tail] = last;
    await nextTurn();
  }
}

function note({ db, events, counts }: Context, campaignId: string, since: number, now: number) {
  const campaign = findCampaign(db, campaignId);
  const { counts: receipts, told, toldAt } = countsOf(db, campaignId);
  if (!campaign || (toldAt > since && since < now)) return null;
  const text = JSON.stringify(receipts);
  db.sql(
    'UPDATE receipt_counts SET told = ?, told_at = ?, due_at = NULL WHERE campaign_id = ?',
  ).run(text, now, campaignId);
  if (text === told) return null;
  const event = receiptsEvent(campaign, campaign.sums ?? counts(campaignId), receipts, now);
  events.store([event]);
  return event;
}

/** Called by the sweep, in its transaction. */
export const overdueReceipts = (db: Database) => (now: number, next: number, limit: number) =>
  db
    .sql<{ campaign_id: string; due_at: number }>(
      'SELECT campaign_id, due_at FROM receipt_counts WHERE due_at <= ? LIMIT ?',
    )
    .all(now, limit)
    .map(({ campaign_id: campaignId, due_at: dueAt }) => {
      db.sql('UPDATE receipt_counts SET due_at = ? WHERE campaign_id = ?').run(next, campaignId);
      return { kind: 'receipts' as const, campaignId, dueAt };
    });

/** What a user's devices have told while they were the user's. */
export function receiptsOf({ sql }: Database, devices: Device[]): ReceiptRecord[] {
  const found = sql<{ campaignId: string; kind: number; at: number }>(
    `SELECT campaign_id AS campaignId, kind, at FROM receipts JOIN campaigns AS c ON c.id = campaign_id
     WHERE bucket = ? AND tail = ? AND c.app = ?`,
  );
  const records = devices.flatMap((it) => {
    const { bucket, tail } = nameOf(it.id);
    return found
      .all(bucket, tail, it.app)
      .filter(({ at }) => wasTheirs(it, at))
      .map(({ campaignId, kind, at }): ReceiptRecord => {
        const receipt = receiptKinds[kind]!;
        return { kind: 'receipt', campaignId, app: it.app, installationId: it.id, receipt, at };
      });
  });
  // a device may be there more than once, with other tokens
  return [...new Map(records.map((it) => [JSON.stringify(it), it])).values()];
}

/** Takes them out; the sums stay. */
export function eraseReceipts(db: Database, devices: Device[]) {
  const drop = db.sql(`DELETE FROM receipts WHERE ${KEY}`);
  for (const it of receiptsOf(db, devices)) {
    const { bucket, tail } = nameOf(it.installationId);
    drop.run(it.campaignId, numberOf(it.receipt), bucket, tail);
  }
}

/** Deletes some receipts of a campaign; true if there may be more. The sums stay. */
export const expireReceipts = ({ sql }: Pick<Database, 'sql'>, campaignId: string, most: number) =>
  sql(
    `DELETE FROM receipts WHERE campaign_id = ?1 AND (kind, bucket, tail) IN (
       SELECT kind, bucket, tail FROM receipts WHERE campaign_id = ?1 LIMIT ?2)`,
  ).run(campaignId, most).changes === most;
