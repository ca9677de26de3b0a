/** Imports: rows that are stored with the same fields already are not written. */

import { isDeepStrictEqual } from 'node:util';
import { each } from '../../../lib/concurrency.ts';
import type { Installation } from '../../../model/installation.ts';
import type { ImportCounts, ImportedInstallation, Store } from '../../../ports/ports.ts';
import { mayPrune } from '../../import-run.ts';
import { lastOfEach } from '../../last-of-each.ts';
import { BATCHES_AT_ONCE, batches } from '../batches.ts';
import { type InstallationFields, toInstallation } from '../schema.ts';
import { changeInstallations, readWithin } from './change.ts';
import { beginRun, putSeen } from './import-runs.ts';
import { holdersOf, put } from './put.ts';
import { type ByPath, byPath, type Registry } from './registry.ts';

type BatchCounts = Omit<ImportCounts, 'superseded'>;

export const firestoreImport = (registry: Registry): Pick<Store, 'importInstallations'> => ({
  /** In several transactions: if it throws, some may be stored; to import them all again is safe. */
  async importInstallations(batch, { run, now }) {
    const rows = lastOfEach(batch);
    const superseded = batch.length - rows.length;
    const began = run === null ? null : await beginRun(registry, run, now);
    const told = await each(batches(rows), BATCHES_AT_ONCE, (some) => bring(registry, some, now));
    if (run !== null && began && mayPrune(began, now)) await putSeen(registry, run, rows, now);
    return { ...summed(told), superseded };
  },
});

/** Imports a batch in one transaction. `now` is in ms. */
function bring(registry: Registry, batch: ImportedInstallation[], now: number) {
  let first: BatchCounts | null = null;
  const { schema } = registry;
  return changeInstallations(registry, async (change) => {
    const refs = batch.map((it) => schema.installation(it.app, it.id));
    const known = byPath(await readWithin(change, refs));
    const { counts, changed, moved } = compared(registry, batch, known, now);
    // the answer to the first commit was lost: it was this call that made them so
    if (first && counts.unchanged === batch.length) return first;
    const tokens = moved.map((it) => schema.token(it.app, it.token));
    const holders = await readWithin(change, tokens);
    counts.tokensMoved = await put(change, changed, known, holdersOf(holders));
    first = counts;
    return counts;
  });
}

/**
 * The rows as they are to be stored, without those that are unchanged; `moved` are rows whose token is
 * new to their installation. `known` are their documents.
 */
function compared(
  { schema }: Registry,
  batch: ImportedInstallation[],
  known: ByPath,
  now: number,
): { counts: BatchCounts; changed: Installation[]; moved: ImportedInstallation[] } {
  const counts: BatchCounts = { inserted: 0, updated: 0, unchanged: 0, tokensMoved: 0 };
  const changed: Installation[] = [];
  const moved: ImportedInstallation[] = [];
  for (const it of batch) {
    const found = known.get(schema.installation(it.app, it.id).path);
    const old = found?.exists
      ? toInstallation(it.app, it.id, found.data() as InstallationFields)
      : null;
    if (old && isUnchanged(it, old)) {
      counts.unchanged++;
      continue;
    }
    counts[old ? 'updated' : 'inserted']++;
    if (old?.token !== it.token) moved.push(it);
    const asBefore = old?.token === it.token ? old.refreshedAt : now;
    changed.push({ ...it, refreshedAt: it.refreshedAt ?? asBefore });
  }
  return { counts, changed, moved };
}

function summed(all: BatchCounts[]): BatchCounts {
  const sum: BatchCounts = { inserted: 0, updated: 0, unchanged: 0, tokensMoved: 0 };
  for (const it of all)
    for (const name of Object.keys(sum) as (keyof BatchCounts)[]) sum[name] += it[name];
  return sum;
}

/** A later time of `refreshedAt` changes it; a row that says nothing of that, or of the opt-outs, does not. */
const isUnchanged = (it: ImportedInstallation, old: Installation) =>
  told(it) === told(old) &&
  (it.optedOut === undefined || it.optedOut === (old.optedOut === true)) &&
  (it.optedOutOf === undefined || isDeepStrictEqual(it.optedOutOf, old.optedOutOf ?? [])) &&
  (it.refreshedAt === null || it.refreshedAt <= old.refreshedAt);

const told = (it: ImportedInstallation) =>
  JSON.stringify([
    it.platform,
    it.provider,
    it.environment,
    it.token,
    it.language,
    it.timeZone,
    it.country,
    it.appVersion,
    it.userId,
    it.permission,
    it.tags,
    it.attributes,
  ]);
