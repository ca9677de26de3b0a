/**
 * Installations that may have changed their time zone since, of an app without pages. Such a change sets a
 * marker, as each change does, so those with a later marker are read, and not all.
 */

import { BUCKETS, type BucketRange } from '../../../model/bucket.ts';
import { changesIn } from '../pages/changes.ts';
import { CELLS, LANDED_MS } from '../pages/markers.ts';
import type { PagesContext } from '../pages/read.ts';
import { byQueries, type DocumentsRead } from './documents.ts';
import { type Row, toRow } from './row.ts';

/** A writer's clock, which says when a zone changed, and Firestore's, of markers, differ by less (ms). */
const CLOCKS_MS = 60 * 60 * 1000;
/** Changes of a cell that are read, at most: an import may have changed all of it. */
const MOST = 10_000;

/** In the order of (bucket, id), others among them. `since` is in ms. */
export async function* movedRows(
  context: PagesContext,
  read: DocumentsRead,
  since: number,
): AsyncGenerator<Row[]> {
  const { client, schema, options } = context;
  const { app } = read;
  const [found] = await client.get([schema.layout(app)]);
  const age = client.now() - since + LANDED_MS + CLOCKS_MS;
  const marked = client.readAt(found!) - age;
  for (const { cell, range } of cellsIn(read)) {
    const wanted = { app, cell, since: marked, range, most: MOST };
    const changes = await changesIn(client, schema, wanted, options.querySize);
    if (changes) yield rowsOf(changes.changed, read);
    else {
      const after = read.after && read.after.bucket >= range.from ? read.after : null;
      yield* byQueries(
        client,
        [schema.installations],
        { ...read, range, after },
        options.querySize,
      );
    }
  }
}

/** The parts of the range that lie in a cell each, from the cursor on. */
function cellsIn({ range, after }: DocumentsRead): { cell: string; range: BucketRange }[] {
  const width = BUCKETS / CELLS.length;
  const first = Math.max(range.from, after?.bucket ?? 0);
  return CELLS.map((cell, i) => ({
    cell,
    range: { from: Math.max(first, width * i), to: Math.min(range.to, width * (i + 1)) },
  })).filter((it) => it.range.from < it.range.to);
}

type Changed = NonNullable<Awaited<ReturnType<typeof changesIn>>>['changed'];

const rowsOf = (changed: Changed, { after }: DocumentsRead): Row[] =>
  changed
    .filter(
      ([id, { bucket }]) =>
        !after || bucket > after.bucket || (bucket === after.bucket && id > after.id),
    )
    .sort(([a, { bucket }], [b, other]) => bucket - other.bucket || (a < b ? -1 : 1))
    .flatMap(([id, { row }]) => (row ? toRow(id, { ...row }) : []));
