/**
 * What is kept of devices for caps: sets of ranges of buckets. A set has what lies from its start to that of
 * the next one; a document for each sixteenth of the buckets says where sets start. It is read with each page,
 * so a page knows its sets by arithmetic, and written only when a set is cut.
 *
 * Nothing is locked: who writes a set, or the starts, does so if they have not changed since. A set that has
 * expired and is deleted keeps its range, and is empty.
 */

import type { DocumentReference, DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import type { Cap } from '../../model/app-policy.ts';
import { BUCKETS } from '../../model/bucket.ts';
import { bucketIn, receiptName } from '../../model/receipt.ts';
import { NEVER_WIDE } from '../../model/sizes.ts';
import { cut, reserve, setExpiry, withoutTimes } from '../cap-set.ts';
import { type Device, wasTheirs } from '../erasure.ts';
import { type Client, unchanged } from './client.ts';
import { type CapSetFields, type CapStartsFields, expiryAt, type Schema } from './schema.ts';

/** As many as a registry of a million has shards, so that planners of a campaign do not meet. */
const CELLS = 16;
const CELL = BUCKETS / CELLS;

/** The most sets of a page, of 40 kB at most, beside its chunks in a write of 10 MiB. */
const MOST_SETS = 64;

interface Context {
  client: Client;
  schema: Schema;
}

interface Reserving {
  app: string;
  /** ascending */
  names: string[];
  caps: readonly Cap[];
  /** ms since the epoch */
  now: number;
}

/** `write` writes what was reserved, in the transaction that freezes the page. */
type Reserved =
  | { kind: 'reserved'; capped: Set<string>; write: (writes: Transaction) => void }
  | { kind: 'wide'; from: number };

/** Where sets of a cell start. */
interface Cell {
  found: DocumentSnapshot;
  starts: number[];
}

/** Some names that lie in one set. */
interface Part {
  cell: Cell;
  start: number;
  names: string[];
}

/** Reserves a push to each: reads, and decides which are over a cap. */
export async function reserveAll(
  context: Context,
  { app, names, caps, now }: Reserving,
): Promise<Reserved> {
  const { client, schema } = context;
  const cells = await cellsOf(context, app, names);
  const parts = partsOf(names, cells);
  if (parts.length > MOST_SETS && names.length > NEVER_WIDE)
    return { kind: 'wide', from: bucketIn(parts[MOST_SETS]!.names[0]!) };
  const found = await client.get(parts.map((it) => schema.capSet(app, it.start)));
  const capped = new Set<string>();
  const expireAt = expiryAt(setExpiry(caps, now));
  const sets: { ref: DocumentReference; found: DocumentSnapshot | null; fields: CapSetFields }[] =
    [];
  const grown = new Set<Cell>();
  for (const [index, { cell, start, names: some }] of parts.entries()) {
    const before = found[index]!;
    const reserved = reserve(setIn(before), some, { caps, now });
    for (const it of reserved.capped) capped.add(it);
    // nothing was reserved
    if (reserved.capped.length === some.length) continue;
    for (const { start: at, set } of cut({ start, set: reserved.set })) {
      const isNew = at !== start;
      const ref = schema.capSet(app, at);
      sets.push({ ref, found: isNew ? null : before, fields: { set, expireAt } });
      if (cell.starts.includes(at)) continue;
      cell.starts.push(at);
      grown.add(cell);
    }
  }
  return {
    kind: 'reserved',
    capped,
    write(writes) {
      for (const { ref, found, fields } of sets) put(writes, ref, found, { ...fields });
      for (const { found, starts } of grown)
        put(writes, found.ref, found, { starts: fromStarts(starts) } satisfies CapStartsFields);
    },
  };
}

function put(
  writes: Transaction,
  ref: DocumentReference,
  found: DocumentSnapshot | null,
  fields: Record<string, unknown>,
) {
  if (found?.exists) writes.update(ref, fields, unchanged(found));
  else writes.create(ref, fields);
}

const cellOf = (bucket: number) => Math.floor(bucket / CELL);

/** The cells of names, by their number. */
async function cellsOf({ client, schema }: Context, app: string, names: readonly string[]) {
  const cells = [...new Set(names.map((it) => cellOf(bucketIn(it))))];
  const found = await client.get(cells.map((it) => schema.capStarts(app, it)));
  return new Map(
    cells.map((it, index): [number, Cell] => [
      it,
      { found: found[index]!, starts: startsIn(found[index]!, it) },
    ]),
  );
}

/** The names by the set in which each lies. Both are in ascending order. */
function partsOf(names: readonly string[], cells: ReadonlyMap<number, Cell>): Part[] {
  const parts: Part[] = [];
  for (const name of names) {
    const bucket = bucketIn(name);
    const cell = cells.get(cellOf(bucket))!;
    const start = startBefore(cell.starts, bucket);
    const last = parts.at(-1);
    if (last?.start === start) last.names.push(name);
    else parts.push({ cell, start, names: [name] });
  }
  return parts;
}

/** The last start that is not behind the bucket. The first start of a cell is not behind any of it. */
function startBefore(starts: readonly number[], bucket: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= bucket) low = middle + 1;
    else high = middle;
  }
  return starts[low - 1]!;
}

/** A cell without cuts is one set. */
function startsIn(found: DocumentSnapshot, cell: number): number[] {
  if (!found.exists) return [cell * CELL];
  const { starts } = found.data() as CapStartsFields;
  return Array.from({ length: starts.length / 4 }, (_, index) => starts.readUInt32BE(4 * index));
}

function fromStarts(starts: readonly number[]): Buffer {
  const packed = Buffer.alloc(4 * starts.length);
  for (const [index, it] of starts.toSorted((a, b) => a - b).entries())
    packed.writeUInt32BE(it, 4 * index);
  return packed;
}

const setIn = (found: DocumentSnapshot): Buffer =>
  found.exists ? (found.data() as CapSetFields).set : Buffer.alloc(0);

/** Erases what is kept of devices for the time when they were the user's. */
export async function eraseCaps(context: Context, devices: readonly Device[]): Promise<void> {
  const { client, schema } = context;
  for (const device of devices) {
    const { app, id } = device;
    const name = receiptName(id);
    await client.write(async (writes) => {
      const [part] = partsOf([name], await cellsOf(context, app, [name]));
      const [found] = await client.get([schema.capSet(app, part!.start)]);
      const rest = found && withoutTimes(setIn(found), name, (at) => wasTheirs(device, at));
      if (rest) writes.update(found.ref, { set: rest }, unchanged(found));
    });
  }
}
