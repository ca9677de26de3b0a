/** Privacy: every record about a user, for export and erasure. */

import type { Erased, Store, UserRecord } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { bareKey, deviceKey } from '../erasure.ts';
import { outcomeAt } from '../outcomes.ts';
import { recordOf } from '../recipients.ts';
import { eraseCaps } from './caps.ts';
import { outcomesOf } from './chunk-rows.ts';
import type { Erase } from './erase.ts';
import type { SqliteInstallations } from './installations.ts';
import { eraseReceipts, receiptsOf } from './receipts.ts';
import type { Rows } from './rows.ts';
import { type Found, failuresOf, inChunks } from './user-chunks.ts';
import { sqliteUserNames } from './user-names.ts';
import { devicesOf, installationsOf, isThere, since } from './user-records.ts';

interface Context {
  db: Database;
  rows: Rows;
  writing: SqliteInstallations['writing'];
  erase: Erase;
}

export function sqliteUsers(context: Context) {
  return {
    readUser: (userId) => readUser(context, userId),
    eraseUser: (userId, now) => eraseUser(context, userId, now),
  } satisfies Partial<Store>;
}

async function* readUser({ db }: Context, userId: string): AsyncGenerator<UserRecord[]> {
  const installations = installationsOf(db, userId);
  if (installations.length > 0) yield installations.map((it) => ({ kind: 'installation', ...it }));
  const devices = devicesOf(db, userId).map((it) => since(db, userId, it));
  for await (const found of inChunks(db, userId, devices)) {
    const { chunk, recipients, indices } = found;
    const where = { campaignId: chunk.campaign_id, chunkId: chunk.id, app: chunk.app };
    const outcomes = outcomesOf(chunk);
    yield indices.map((index) => recordOf(where, recipients[index]!, outcomeAt(outcomes, index)));
    const failures = failuresOf(db, found);
    if (failures.length > 0) yield failures.map((it) => ({ kind: 'failure', ...it }));
  }
  const receipts = receiptsOf(db, devices);
  if (receipts.length > 0) yield receipts;
}

/**
 * The installations go first and leave `former_users` behind, by which a second call finds the rest if
 * this one is interrupted.
 */
async function eraseUser(
  { db, rows, writing, erase }: Context,
  userId: string,
  now: number,
): Promise<Erased> {
  const installations = installationsOf(db, userId);
  writing(() => {
    for (const { app, bucket, id } of installations)
      rows.remove('app = ? AND bucket = ? AND id = ?', app, bucket, id);
  });
  const devices = devicesOf(db, userId);
  const gone = devices.filter((it) => !isThere(db, it));
  erase.remember([...gone.map(deviceKey), ...devices.map(bareKey)], now);
  const erased: Erased = {
    installations: installations.length,
    recipients: 0,
    failures: 0,
    closed: [],
    next: null,
  };
  // a device that is another user's now keeps its names
  const names = [userId, ...gone.flatMap((it) => [it.id, it.token])];
  const forget = sqliteUserNames(db);
  await forget.forgetNames(names);
  for await (const found of inChunks(db, userId, devices))
    eraseFromChunk(db, erase, { found, erased, now });
  db.transaction(() => {
    eraseReceipts(db, devices);
    eraseCaps(db, devices);
  });
  // by these the rest is found after an interruption, so they go last
  forget.forgetHashes(names);
  // on the disk, with everything above, before the caller is told that it is done
  db.durably(() => db.sql('DELETE FROM former_users WHERE user_id = ?').run(userId));
  return erased;
}

/** Adds what it erased to `erased`. */
function eraseFromChunk(
  db: Database,
  erase: Erase,
  { found, erased, now }: { found: Found; erased: Erased; now: number },
) {
  const { chunk, indices } = found;
  const failures = failuresOf(db, found);
  const closed = db.transaction(() => {
    const drop = db.sql('DELETE FROM failures WHERE campaign_id = ? AND chunk_id = ? AND idx = ?');
    for (const it of failures) drop.run(it.campaignId, it.chunkId, it.index);
    return erase.from(chunk.id, indices, now);
  });
  if (closed) erased.closed.push(chunk.campaign_id);
  erased.recipients += indices.length;
  erased.failures += failures.length;
}
