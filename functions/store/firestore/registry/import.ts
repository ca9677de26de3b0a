/** An import: what is there already, just so, is not written; what its source has not, is found. */

import { chunked } from '../../../lib/chunked.ts';
import { each } from '../../../lib/concurrency.ts';
import { BUCKETS } from '../../../model/bucket.ts';
import type { Installation } from '../../../model/installation.ts';
import type { ImportCounts, ImportedInstallation, Store } from '../../../ports/ports.ts';
import { partBelow } from '../../cursor.ts';
import { MARKS_KEPT_MS, mayPrune } from '../../import-run.ts';
import { lastOfEach } from '../../last-of-each.ts';
import { BATCHES_AT_ONCE, batches } from '../batches.ts';
import type { Client } from '../client.ts';
import { documentsOf } from '../documents.ts';
import {
  BY_NAME,
  bucketName,
  digest,
  END,
  expiryAt,
  type ImportFields,
  type InstallationFields,
  idOf,
  type Schema,
  type SeenFields,
  toInstallation,
} from '../schema.ts';
import { byPath, type firestoreInstallations, LEFT } from './installations.ts';

/**
 * Of the buckets. One call of `pruneInstallations` looks through one of them; what a batch has seen
 * is written once for each of them, so that such a call reads no more than it needs.
 */
const PARTS = 32;
const partOf = (bucket: number) => Math.floor(bucket / (BUCKETS / PARTS));
/** Of a document of those who were seen: it holds 1 MiB, and a line some 200 bytes. */
const SEEN_TOGETHER = 4_000;
/** Installations read in one query, and removed in one write. */
const [PAGE, REMOVED] = [1_000, 100];

type Within = Pick<ReturnType<typeof firestoreInstallations>, 'put' | 'holdersOf' | 'remove'>;
type Told = Omit<ImportCounts, 'superseded'>;

export function firestoreImport(
  client: Client,
  schema: Schema,
  { put, holdersOf, remove }: Within,
): Pick<Store, 'importInstallations' | 'pruneInstallations'> {
  /** One read a row; one more if its token is new to it; written only if it has changed. */
  const bring = (batch: ImportedInstallation[], now: number) => {
    let first: Told | null = null;
    return client.write(async (writes, attempt) => {
      const told: Told = { inserted: 0, updated: 0, unchanged: 0, tokensMoved: 0 };
      const known = byPath(
        await writes.getAll(...batch.map((it) => schema.installation(it.app, it.id))),
      );
      const changed: Installation[] = [];
      const moved: ImportedInstallation[] = [];
      for (const it of batch) {
        const found = known.get(schema.installation(it.app, it.id).path);
        const old = found?.exists
          ? toInstallation(it.app, it.id, found.data() as InstallationFields)
          : null;
        if (old && isUnchanged(it, old)) {
          told.unchanged++;
          continue;
        }
        told[old ? 'updated' : 'inserted']++;
        if (old?.token !== it.token) moved.push(it);
        const asBefore = old?.token === it.token ? old.refreshedAt : now;
        changed.push({ ...it, refreshedAt: it.refreshedAt ?? asBefore });
      }
      // the answer to the commit was lost: it was this one that made them so
      if (attempt > 1 && first && told.unchanged === batch.length) return first;
      first = told;
      const tokens = moved.map((it) => schema.token(it.app, it.token));
      const holders = tokens.length > 0 ? await writes.getAll(...tokens) : [];
      told.tokensMoved = await put(writes, changed, known, holdersOf(holders));
      return told;
    });
  };

  /** When it began. It is kept for good: see import-run.ts. */
  const begin = (run: string, now: number): Promise<ImportFields> =>
    client.write(async (writes) => {
      const ref = schema.import(run);
      const [found] = await client.get([ref]);
      if (found?.exists) return found.data() as ImportFields;
      const fields: ImportFields = { beganAt: now };
      writes.create(ref, fields);
      return fields;
    });

  const prefixOf = (run: string, part: number) =>
    `${digest(run)}${END}${String(part).padStart(2, '0')}${END}`;

  async function mark(run: string, rows: ImportedInstallation[], now: number) {
    const documents = [...Map.groupBy(rows, (it) => partOf(it.bucket))].flatMap(([part, those]) =>
      chunked(those, SEEN_TOGETHER).map((some) => {
        const seen = some.map((it) => `${it.app}\t${it.id}\n`).join('');
        return { name: `${prefixOf(run, part)}${digest(seen)}`, seen };
      }),
    );
    await each(batches(documents), BATCHES_AT_ONCE, (some) =>
      client.write(async (writes) => {
        for (const { name, seen } of some)
          writes.set(schema.seen.doc(name), {
            seen,
            expireAt: expiryAt(now + MARKS_KEPT_MS),
          } satisfies SeenFields);
      }),
    );
  }

  async function seenBy(run: string, part: number, app: string): Promise<Set<string>> {
    const start = prefixOf(run, part);
    const query = schema.seen.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
    const seen = new Set<string>();
    for (const it of (await client.read(() => query.get())).docs)
      for (const line of (it.data() as SeenFields).seen.split('\n'))
        if (line.startsWith(`${app}\t`)) seen.add(line.slice(app.length + 1));
    return seen;
  }

  return {
    /**
     * In several transactions: if it throws, some may be stored; to import them all again is safe.
     */
    async importInstallations(batch, { run, now }) {
      const rows = lastOfEach(batch);
      const counts: ImportCounts = {
        ...{ inserted: 0, updated: 0, unchanged: 0, tokensMoved: 0 },
        superseded: batch.length - rows.length,
      };
      const began = run === null ? null : await begin(run, now);
      const told = await each(batches(rows), BATCHES_AT_ONCE, (some) => bring(some, now));
      for (const it of told)
        for (const name of Object.keys(it) as (keyof Told)[]) counts[name] += it[name];
      if (run !== null && began && mayPrune(began, now)) await mark(run, rows, now);
      return counts;
    },

    async pruneInstallations(app, run, after, dryRun) {
      const [began] = await client.get([schema.import(run)]);
      if (!began?.exists) return null;
      const { beganAt } = began.data() as ImportFields;
      if (!mayPrune({ beganAt }, client.now())) return null;
      const part = after === null ? 0 : partBelow(PARTS, after);
      const seen = await seenBy(run, part, app);
      const isGone = (id: string, it: Pick<InstallationFields, 'refreshedAt' | 'optedOut'>) =>
        !seen.has(id) && it.refreshedAt < beganAt && it.optedOut !== true;
      const [from, to] = [part, part + 1].map((it) => bucketName(app, (BUCKETS / PARTS) * it));
      const query = schema.installations
        .select('refreshedAt', 'optedOut')
        .orderBy(BY_NAME)
        .startAt(from)
        .endBefore(to)
        .limit(PAGE);
      let found = 0;
      for await (const page of documentsOf(client, query)) {
        const gone = page
          .map((it) => ({ id: idOf(it.id).id, fields: it.data() as InstallationFields }))
          .filter(({ id, fields }) => isGone(id, fields))
          .map(({ id }) => id);
        if (dryRun) found += gone.length;
        else
          for (const some of chunked(gone, REMOVED))
            found += await client.write(async (writes) => {
              // as they are now: who has registered meanwhile stays
              const refs = some.map((id) => schema.installation(app, id));
              const now = await client.get(refs, [...LEFT, 'refreshedAt', 'optedOut']);
              const still = now.filter(
                (it) => it.exists && isGone(idOf(it.id).id, it.data() as InstallationFields),
              );
              for (const it of still) remove(writes, app, idOf(it.id).id, it);
              return still.length;
            });
      }
      return { found, next: part + 1 === PARTS ? null : String(part + 1) };
    },
  };
}

/** Merely to have been seen again changes nothing, unless it says when. */
const isUnchanged = (it: ImportedInstallation, old: Installation) =>
  told(it) === told(old) &&
  (it.optedOut === undefined || it.optedOut === (old.optedOut === true)) &&
  (it.refreshedAt === null || it.refreshedAt <= old.refreshedAt);

const told = (it: ImportedInstallation) =>
  JSON.stringify([
    ...[it.platform, it.provider, it.environment, it.token, it.language, it.timeZone],
    ...[it.country, it.appVersion, it.userId, it.tags, it.attributes],
  ]);
