/** Writes installations, in the order in which they lie on disk. */

import type { ImportCounts, ImportedInstallation } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { lastOfEach } from '../last-of-each.ts';
import { hash48, hash48of, type Lookups } from './lookups.ts';
import type { Removal } from './remove-rows.ts';
import { FIELDS, FINDABLE, type Found, KEY } from './row.ts';

/**
 * A row that does not mention the opt-outs keeps the stored ones. ?20 is now: a new row has not moved, unless one of
 * its name was removed. What stands right of `=` is the stored row.
 */
const PUT = `
  INSERT INTO installations (${FIELDS}, digest)
  VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,coalesce(?16, 0),?17,?18,
    (SELECT ?20 FROM removed WHERE app = ?1 AND bucket = ?2 AND id = ?3),?19)
  ON CONFLICT DO UPDATE SET platform = ?4, provider = ?5, environment = ?6, token = ?7,
    language = ?8, time_zone = ?9, user_id = ?10, tags = ?11, attributes = ?12, refreshed_at = ?13,
    app_version = ?14, country = ?15, opted_out = coalesce(?16, opted_out),
    permission = ?17, opted_out_of = coalesce(?18, opted_out_of), digest = ?19,
    moved_at = iif(time_zone IS ?9, moved_at, ?20)`;

/** What `unchanged` compares beside the digest of a row. */
export interface Known {
  digest: number | null;
  opted_out: 0 | 1;
  opted_out_of: string | null;
  refreshed_at: number;
}

/**
 * Writes the rows that are not `unchanged`, in the order they lie on disk; then the lookups, in
 * theirs. So an import touches each page once.
 */
export function createWrite(
  db: Database,
  lookups: Lookups,
  { leave, remove }: Removal,
  clock: () => number,
) {
  return (
    batch: ImportedInstallation[],
    now: number,
    unchanged: (it: ImportedInstallation, digest: number, known: Known) => boolean,
  ): ImportCounts & { rows: ImportedInstallation[] } => {
    const movedAt = clock();
    const rows = lastOfEach(batch).sort((a, b) => a.bucket - b.bucket);
    const counts = { inserted: 0, updated: 0, unchanged: 0, tokensMoved: 0 };
    const tokens: { hashed: number; it: ImportedInstallation }[] = [];
    const users: { hashed: number; bucket: number }[] = [];
    const moved: { old: Found; isAnothers: boolean }[] = [];
    const find = db.sql<Known>(
      `SELECT digest, opted_out, opted_out_of, refreshed_at FROM installations WHERE ${KEY}`,
    );
    const findOld = db.sql<Found>(`SELECT ${FINDABLE} FROM installations WHERE ${KEY}`);
    for (const it of rows) {
      const { app, bucket, id } = it;
      const tags = JSON.stringify(it.tags);
      const attributes = JSON.stringify(it.attributes);
      const digest = digestOf(it, tags, attributes);
      const known = find.get(app, bucket, id);
      if (known && unchanged(it, digest, known)) {
        counts.unchanged++;
        continue;
      }
      const old = known && findOld.get(app, bucket, id);
      const userId = it.userId ?? null;
      const asBefore = old?.token === it.token ? known!.refreshed_at : now;
      put(db, it, { tags, attributes, refreshedAt: it.refreshedAt ?? asBefore, digest, movedAt });
      lookups.count(it, it.optedOut ?? old?.optedOut === 1, 1);
      if (old) lookups.count(old, old.optedOut === 1, -1);
      if (old) counts.updated++;
      else counts.inserted++;
      if (old?.token !== it.token) {
        if (old) lookups.dropToken(old);
        tokens.push({ hashed: hash48(app, it.token), it });
      }
      const isAnothers = (old?.userId ?? null) !== userId;
      if (old && (isAnothers || old.token !== it.token)) moved.push({ old, isAnothers });
      if (isAnothers && userId !== null) users.push({ hashed: hash48(app, userId), bucket });
    }
    counts.tokensMoved = takeTokens(tokens, lookups, remove);
    for (const { hashed, bucket } of users.sort((a, b) => a.hashed - b.hashed))
      lookups.addUser(hashed, bucket);
    for (const { old, isAnothers } of moved) leave(old, isAnothers);
    return { ...counts, superseded: batch.length - rows.length, rows };
  };
}

/** Removes other installations with these tokens, and returns how many there were. */
function takeTokens(
  tokens: { hashed: number; it: ImportedInstallation }[],
  lookups: Lookups,
  remove: Removal['remove'],
): number {
  let removed = 0;
  for (const { hashed, it } of tokens.sort((a, b) => a.hashed - b.hashed)) {
    for (const bucket of lookups.tokenBuckets(hashed))
      removed += remove(
        'app = ? AND bucket = ? AND token = ? AND id <> ?',
        it.app,
        bucket,
        it.token,
        it.id,
      );
    lookups.addToken(hashed, it.bucket);
  }
  return removed;
}

const put = (
  { sql }: Database,
  it: ImportedInstallation,
  made: { tags: string; attributes: string; refreshedAt: number; digest: number; movedAt: number },
) =>
  sql(PUT).run(
    it.app,
    it.bucket,
    it.id,
    it.platform,
    it.provider,
    it.environment,
    it.token,
    it.language ?? null,
    it.timeZone ?? null,
    it.userId ?? null,
    made.tags,
    made.attributes,
    made.refreshedAt,
    it.appVersion ?? null,
    it.country ?? null,
    it.optedOut === undefined ? null : Number(it.optedOut),
    it.permission ?? null,
    it.optedOutOf === undefined ? null : JSON.stringify(it.optedOutOf),
    made.digest,
    made.movedAt,
  );

/**
 * 48 bits over all that an import compares. The opt-outs are not part of it, since a row may leave them
 * out. Free texts come last, after their lengths, so that no two rows run together to the same text. What was
 * added later is there only where a row has it: the digests of all other rows stay.
 */
const digestOf = (it: ImportedInstallation, tags: string, attributes: string) =>
  hash48of(
    `${it.platform} ${it.provider} ${it.environment} ${it.token} ${it.language} ${it.timeZone} ${
      it.country
    } ${it.appVersion?.length} ${it.userId?.length} ${it.appVersion}${it.userId}${tags}${attributes}${it.permission ?? ''}`,
  );
