/** Runs of imports: when each began, and which installations it has seen. */

import { chunked } from '../../../lib/chunked.ts';
import { each } from '../../../lib/concurrency.ts';
import { BUCKETS } from '../../../model/bucket.ts';
import type { ImportedInstallation } from '../../../ports/ports.ts';
import { MARKS_KEPT_MS } from '../../import-run.ts';
import { BATCHES_AT_ONCE, batches } from '../batches.ts';
import { BY_NAME, digest, END, expiryAt, type ImportFields, type SeenFields } from '../schema.ts';
import type { Registry } from './registry.ts';

/**
 * Parts of the buckets. One call of `pruneInstallations` looks through one of them; what a batch has seen
 * is written once for each of them, so that such a call reads no more than it needs.
 */
export const PARTS = 32;
const partOf = (bucket: number) => Math.floor(bucket / (BUCKETS / PARTS));
/** Installations in one document of seen ones: it holds 1 MiB, and a line has some 200 bytes. */
const SEEN_TOGETHER = 4_000;

/** The run, which begins now (ms) if it has not begun before. It is kept for good: see import-run.ts. */
export const beginRun = (
  { client, schema }: Registry,
  run: string,
  now: number,
): Promise<ImportFields> =>
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

/** Stores that the run has seen these rows. To store it again changes nothing. `now` is in ms. */
export async function putSeen(
  { client, schema }: Registry,
  run: string,
  rows: ImportedInstallation[],
  now: number,
) {
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

/** The ids of the app's installations in that part of the buckets that the run has seen. */
export async function seenBy(
  { client, schema }: Registry,
  run: string,
  part: number,
  app: string,
): Promise<Set<string>> {
  const start = prefixOf(run, part);
  const query = schema.seen.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
  const seen = new Set<string>();
  for (const it of (await client.read(() => query.get())).docs)
    for (const line of (it.data() as SeenFields).seen.split('\n'))
      if (line.startsWith(`${app}\t`)) seen.add(line.slice(app.length + 1));
  return seen;
}
