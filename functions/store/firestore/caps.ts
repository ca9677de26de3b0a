/**
 * What is kept of devices for caps: sets of ranges of buckets. A set has what lies from its start to that of
 * the next one; a document for each sixteenth of the buckets says where sets start. It is read with each page,
 * so a page knows its sets by arithmetic, and written only when a set is cut.
 *
 * Nothing is locked: who writes a set, or the starts, does so if they have not changed since. A set says where
 * it ends, since it may be cut after its starts are read: its other half then lies in a set that the reader
 * does not know, where the names would seem to have no times. A set that has expired and is deleted keeps its
 * range, and is empty.
 */

import type { DocumentReference, DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import type { Cap } from '../../model/app-policy.ts';
import { BUCKETS } from '../../model/bucket.ts';
import { NEVER_WIDE } from '../../model/sizes.ts';
import {
  between,
  cut,
  endIn,
  type Names,
  namesOf,
  reserve,
  setExpiry,
  withoutTimes,
} from '../cap-set.ts';
import { type Device, wasTheirs } from '../erasure.ts';
import { type Client, unchanged } from './client.ts';
import { type CapSetFields, type CapStartsFields, expiryAt, type Schema } from './schema.ts';

/** As many as a registry of a million has shards, so that planners of a campaign do not meet. */
const CELLS = 16;
const CELL = BUCKETS / CELLS;

/** Bytes of a set: 2,000 installations at most, so that a document is worth its read and its write. */
const MOST_BYTES = 40_000;
/** The most sets of a page, beside its chunks in a write of 10 MiB. */
const MOST_SETS = 64;

interface Context {
  client: Client;
  schema: Schema;
}

interface Reserving {
  app: string;
  names: Names;
  caps: readonly Cap[];
  /** ms since the epoch */
  now: number;
}

/** `over`: the recipients over a cap. `write` writes what was reserved, in the transaction that freezes the page. */
type Reserved =
  | { kind: 'reserved'; over: Set<object>; write: (writes: Transaction) => void }
  | { kind: 'wide'; from: number };

/** Where sets of a cell start. */
interface Cell {
  number: number;
  found: DocumentSnapshot;
  starts: number[];
}

/** Some names that lie in one set. */
interface Part {
  cell: Cell;
  start: number;
  /** the first bucket behind the set */
  end: number;
  names: Names;
}

interface FoundPart extends Part {
  found: DocumentSnapshot;
}

/** Code 10: the client tries again what others were in the way of. */
const CUT = { code: 10 };

/** Reserves a push to each: reads, and decides which are over a cap. */
export async function reserveAll(
  context: Context,
  { app, names, caps, now }: Reserving,
): Promise<Reserved> {
  const { schema } = context;
  const parts = partsOf(names, await cellsOf(context, app, names));
  if (parts.length > MOST_SETS && names.recipients.length > NEVER_WIDE)
    return { kind: 'wide', from: parts[MOST_SETS]!.names.buckets[0]! };
  const over = new Set<object>();
  const expireAt = expiryAt(setExpiry(caps, now));
  const sets: { ref: DocumentReference; found: DocumentSnapshot | null; fields: CapSetFields }[] =
    [];
  const grown = new Set<Cell>();
  for (const { cell, start, end, names: some, found } of await setsOf(context, app, parts)) {
    const reserved = reserve(setIn(found), some, { caps, now });
    for (const it of reserved.capped) over.add(it);
    // nothing was reserved
    if (reserved.capped.length === some.recipients.length) continue;
    const cuts = cut({ start, set: reserved.set }, MOST_BYTES);
    for (const [index, { start: at, set }] of cuts.entries()) {
      const fields = { set, end: cuts[index + 1]?.start ?? end, expireAt };
      const isNew = at !== start;
      sets.push({ ref: schema.capSet(app, at), found: isNew ? null : found, fields });
      if (!isNew) continue;
      cell.starts.push(at);
      grown.add(cell);
    }
  }
  return {
    kind: 'reserved',
    over,
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
async function cellsOf({ client, schema }: Context, app: string, { buckets }: Names) {
  const cells = [...new Set(Array.from(buckets, cellOf))];
  const found = await client.get(cells.map((it) => schema.capStarts(app, it)));
  return new Map(
    cells.map((it, index): [number, Cell] => [
      it,
      { number: it, found: found[index]!, starts: startsIn(found[index]!, it) },
    ]),
  );
}

/** The names by the set in which each lies. */
function partsOf(names: Names, cells: ReadonlyMap<number, Cell>): Part[] {
  const parts: Part[] = [];
  const { buckets } = names;
  for (let from = 0; from < buckets.length; ) {
    const bucket = buckets[from]!;
    const cell = cells.get(cellOf(bucket))!;
    const range = rangeOf(cell, bucket);
    const to = endIn(names, from, range.end);
    parts.push({ cell, ...range, names: between(names, from, to) });
    from = to;
  }
  return parts;
}

/** The range of the set that has the bucket. The first start of a cell is not behind any of it. */
function rangeOf({ number, starts }: Cell, bucket: number): Pick<Part, 'start' | 'end'> {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= bucket) low = middle + 1;
    else high = middle;
  }
  return { start: starts[low - 1]!, end: starts[low] ?? (number + 1) * CELL };
}

/** The sets of parts as they are. Throws for another attempt if one was cut since its cell was read. */
async function setsOf(
  { client, schema }: Context,
  app: string,
  parts: readonly Part[],
): Promise<FoundPart[]> {
  const all = await client.get(parts.map((it) => schema.capSet(app, it.start)));
  return parts.map((part, index) => {
    const found = all[index]!;
    if (found.exists && found.get('end') !== part.end)
      throw Object.assign(new Error('a set of caps was cut while it was read'), CUT);
    return { ...part, found };
  });
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
  for (const device of devices) {
    const { app } = device;
    const names = namesOf(device);
    await context.client.write(async (writes) => {
      const parts = partsOf(names, await cellsOf(context, app, names));
      for (const { found, names: some } of await setsOf(context, app, parts)) {
        const before = setIn(found);
        const set = withoutTimes(before, some, (at) => wasTheirs(device, at));
        if (set.length < before.length) writes.update(found.ref, { set }, unchanged(found));
      }
    });
  }
}
