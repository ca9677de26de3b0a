/**
 * Installations read through pages: of each page the rows with what has changed since laid over them,
 * and from documents what has no page. On the way pages are written again that have changed, or built.
 *
 * The order of reads is what makes it right: the page itself, then its changes, then who is gone.
 */

import { ahead } from '../../../lib/ahead.ts';
import { chunked } from '../../../lib/chunked.ts';
import { type BucketRange, bucketOf } from '../../../model/bucket.ts';
import type { Audience } from '../../../model/schemas/audience.ts';
import { AUDITED, AUDITED_WAVES, FOLDED_IN_WAVES, PARTS_OF_PAGE } from '../../../model/sizes.ts';
import type { AudienceRead } from '../../../ports/ports.ts';
import { LATE_MS } from '../../erasure.ts';
import type { DocumentsRead } from '../audience/documents.ts';
import { type Row, toRow } from '../audience/row.ts';
import type { Client } from '../client.ts';
import type { InstallationFields, Schema } from '../schema.ts';
import { type AuditedPart, differingRows } from './audit.ts';
import { type Changes, changesIn, overlayIn } from './changes.ts';
import { type PageRow, type Picks, unpacked } from './codec.ts';
import { documentRows } from './documents.ts';
import { datesIn, isInDoubt } from './last-seen.ts';
import { laidOver, type Overlay } from './lay-over.ts';
import { indexOf, type Layout, type Layouts, rangeOf } from './layout.ts';
import { cellRange, LANDED_MS } from './markers.ts';
import { picksOf } from './picks.ts';
import { averageOf } from './size.ts';
import { type Slot, slotsIn } from './slots.ts';
import { type PageWriter, pageWriter } from './writer.ts';

/**
 * How long (ms) a cell's changes are used for its pages: half of the time for which an erasure is
 * remembered for what planners have read before it (`LATE_MS`).
 */
const MEMORY_MS = LATE_MS / 2;
/** Documents read in one call by their names. */
const NAMED = 300;

export interface PagesOptions {
  /** documents of a query */
  querySize: number;
  /** bytes of a page's rows; a larger page is not written */
  mostBytes: number;
  /** changes after which a page is written again */
  foldedAfter: number;
  /** how long a page is used, by what it is known to hold */
  lifeDays: number;
  random(): number;
  /** a page was not what its documents are, and nothing says that they changed: a writer sets no markers */
  onDifference(it: { app: string; rows: number }): void;
}

export interface PagesContext {
  client: Client;
  schema: Schema;
  layouts: Layouts;
  options: PagesOptions;
}

interface Reading extends PagesContext {
  layout: Layout;
  read: DocumentsRead;
  fields: ReadonlySet<string>;
  audience: Audience;
  picks: Picks;
  isOfWave: boolean;
  /** times with which it compares `refreshedAt` */
  dates: number[];
  /** of all pages that are read, whole ones */
  whole: BucketRange;
  writer: PageWriter;
  /** of the cell that is being read; null: so many that it is read from documents */
  memory: { cell: string; changes: Changes | null } | null;
  /** an audit has found a difference: no page is used any more */
  distrusted: boolean;
  isTooLarge: boolean;
}

/**
 * The rows of the range after the cursor, in the order of (bucket, id), in the audience or not. Some that are
 * not are left out.
 */
export async function* pageRows(
  context: PagesContext,
  layout: Layout,
  read: DocumentsRead & Pick<AudienceRead, 'audience' | 'movedSince' | 'isOfWave'>,
): AsyncGenerator<Row[]> {
  const { client, schema, layouts, options } = context;
  const range = { from: read.after?.bucket ?? read.range.from, to: read.range.to };
  const { level } = layout;
  const reading: Reading = {
    ...context,
    layout,
    read,
    fields: new Set(read.fields),
    audience: read.audience,
    picks: picksOf(read.audience, read.movedSince),
    isOfWave: read.isOfWave === true,
    dates: datesIn(read.audience),
    whole: {
      from: rangeOf(level, indexOf(level, range.from)).from,
      to: rangeOf(level, indexOf(level, range.to - 1)).to,
    },
    writer: pageWriter(client, options),
    memory: null,
    distrusted: false,
    isTooLarge: false,
  };
  try {
    const pages = slotsIn(client, schema, layout, range, options.lifeDays);
    for await (const slots of ahead(pages)) yield* slotRows(reading, slots);
    if (reading.isTooLarge) await layouts.raise(layout, Number.POSITIVE_INFINITY);
  } finally {
    await reading.writer.settled();
  }
}

async function* slotRows(reading: Reading, slots: Slot[]): AsyncGenerator<Row[]> {
  let absent: Slot[] = [];
  for (const slot of slots) {
    const rows = await fromPage(reading, slot, slots);
    if (rows === null) {
      absent.push(slot);
      continue;
    }
    yield* fromDocuments(reading, absent);
    absent = [];
    yield withinRange(reading, slot, rows);
  }
  yield* fromDocuments(reading, absent);
}

/** Null: the page cannot be used. */
async function fromPage(reading: Reading, slot: Slot, slots: Slot[]): Promise<Row[] | null> {
  if (slot.page === null || reading.distrusted) return null;
  const changes = await changesFor(reading, slot, slots);
  if (changes === null) return null;
  const overlay = overlayIn(changes, slot);
  const isFolded = isWorth(reading, overlay, slot.page.through, changes.readAt);
  const audited = auditedPart(slot, chanceOf(reading));
  const { rows: bytes, n } = slot.page;
  // a page that is written again, or compared, is needed whole
  const page =
    isFolded || audited ? unpacked(bytes, n) : unpacked(bytes, n, reading.fields, reading.picks);
  if (page === null) return null;
  const rows = laidOver(page, overlay);
  if (audited && !(await isTrue(reading, audited, rows, changes))) return null;
  if (isFolded) await put(reading, slot, rows, changes.readAt);
  return certain(reading, toRows(rows));
}

const toRows = (rows: PageRow[]) => rows.map((it) => toRow(it.id, it));

/** Whether so many changes are not in a page that it is written again. */
function isWorth(
  { isOfWave, options }: Reading,
  overlay: Overlay,
  through: number,
  readAt: number,
) {
  if (newIn(overlay, through) >= options.foldedAfter) return true;
  // later ones would have to be laid over once more
  return isOfWave && newIn(overlay, through, readAt - LANDED_MS) >= FOLDED_IN_WAVES;
}

/** How many of these the page does not have already; of those before `until`. */
function newIn({ changed, gone }: Overlay, through: number, until = Number.POSITIVE_INFINITY) {
  const isNew = (at: number) => at >= through && at < until;
  const all = [...[...changed.values()].map((it) => it.at), ...gone.values()];
  return all.filter(isNew).length;
}

/** Null: so much has changed that the cell is read from documents. */
async function changesFor(reading: Reading, slot: Slot, slots: Slot[]): Promise<Changes | null> {
  const { client, schema, memory, layout, whole, options } = reading;
  if (memory?.cell === slot.cell && (memory.changes === null || covers(memory.changes, slot)))
    return memory.changes;
  const pages = slots.flatMap((it) => (it.cell === slot.cell && it.page ? it.page : []));
  const since = Math.min(...pages.map((it) => it.through));
  const average = averageOf(pages);
  // of what would else be read: a shard may be a small part of the cell whose changes it reads
  const most = Math.ceil((average * pagesIn(cellRange(slot.from), whole, slot)) / 2);
  const wanted = { app: layout.app, cell: slot.cell, since, range: whole, most };
  const changes = await changesIn(client, schema, wanted, options.querySize);
  reading.memory = { cell: slot.cell, changes };
  return changes;
}

/** How many pages of the size of `slot` both ranges have in common. */
const pagesIn = (a: BucketRange, b: BucketRange, slot: Slot) =>
  (Math.min(a.to, b.to) - Math.max(a.from, b.from)) / (slot.to - slot.from);

/**
 * Whether changes that were read for another page go for this one. Not if the page was written since:
 * it may have later states than they do.
 */
const covers = (changes: Changes, { page, readAt }: Slot) =>
  changes.since <= page!.through &&
  page!.writtenAt <= changes.readAt &&
  readAt - changes.readAt <= MEMORY_MS;

async function put(reading: Reading, slot: Slot, rows: PageRow[], readAt: number) {
  if (await reading.writer.put(slot, rows, readAt)) reading.isTooLarge = true;
}

/** In [0, 1), or above where nothing is to be audited. */
const chanceOf = ({ isOfWave, options }: Reading) =>
  options.random() * (isOfWave ? AUDITED_WAVES : 1);

/** The part of a page that is audited; null: none of it. `random` is in [0, 1). */
function auditedPart({ from, to, cell }: Slot, random: number): AuditedPart | null {
  const part = Math.floor(random * AUDITED);
  if (part >= PARTS_OF_PAGE) return null;
  const edge = (n: number) => from + ((to - from) / PARTS_OF_PAGE) * n;
  return { from: edge(part), to: edge(part + 1), cell };
}

/** False: no page is used any more. */
async function isTrue(reading: Reading, part: AuditedPart, rows: PageRow[], changes: Changes) {
  const { layouts, layout, options } = reading;
  const differing = await differingRows(reading, layout, part, rows, changes);
  if (differing === 0) return true;
  reading.distrusted = true;
  options.onDifference({ app: layout.app, rows: differing });
  await layouts.empty(layout);
  return false;
}

/** Each row that may be in the audience by a later date than its own is replaced by its document. */
async function certain(reading: Reading, rows: Row[]): Promise<Row[]> {
  const { client, schema, audience, dates, read } = reading;
  if (dates.length === 0) return rows;
  const inDoubt = rows.filter((it) => isInDoubt(audience, dates, it));
  const now = new Map<string, Row | null>();
  for (const some of chunked(inDoubt, NAMED)) {
    const found = await client.get(
      some.map((it) => schema.installation(read.app, it.id)),
      read.fields,
    );
    for (const [i, it] of found.entries()) {
      const { id } = some[i]!;
      now.set(id, it.exists ? toRow(id, it.data() as InstallationFields) : null);
    }
  }
  return rows.flatMap((it) => {
    const row = now.get(it.id);
    return row === undefined ? it : (row ?? []);
  });
}

/** The rows of absent pages that follow each other; each page is built from them. */
async function* fromDocuments(reading: Reading, slots: Slot[]): AsyncGenerator<Row[]> {
  const [first, last] = [slots[0], slots.at(-1)];
  if (!first || !last) return;
  const { client, schema, read, options } = reading;
  let at = 0;
  let built: PageRow[] = [];
  const next = async () => {
    const slot = slots[at++]!;
    if (!reading.distrusted) await put(reading, slot, built, slot.readAt);
    built = [];
  };
  const range = { from: first.from, to: last.to };
  for await (const found of documentRows(client, schema, read.app, range, options.querySize)) {
    const rows: Row[] = [];
    for (const { row, bucket, isOptedOut } of found) {
      while (bucket >= slots[at]!.to) await next();
      if (isOptedOut) continue;
      built.push(row);
      if (isWithin(reading.read, bucket, row.id)) rows.push(toRow(row.id, { ...row }));
    }
    yield rows;
  }
  while (at < slots.length) await next();
}

function withinRange({ read }: Reading, slot: Slot, rows: Row[]): Row[] {
  const { range, after } = read;
  const isWhole = slot.from >= range.from && slot.to <= range.to;
  if (isWhole && (after === null || after.bucket < slot.from)) return rows;
  return rows.filter((it) => isWithin(read, bucketOf(it.id), it.id));
}

const isWithin = ({ range, after }: DocumentsRead, bucket: number, id: string) =>
  bucket >= range.from &&
  bucket < range.to &&
  (after === null || bucket > after.bucket || (bucket === after.bucket && id > after.id));
