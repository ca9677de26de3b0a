/**
 * What is kept of devices for the caps of an app, packed: entries in the order of their names, each the name
 * of an installation (`receiptName`), how many times follow, and the times at which campaigns reserved a push
 * to it, in seconds since the epoch.
 *
 * A set has the installations of a range of buckets. It is cut when it is full, so a registry of any size has
 * sets of about the same size. A document for each device would cost a read and a write for each push:
 * $1.20 a million on Firestore, for which sets cost about $0.002.
 */

import { type Cap, windowOf } from '../model/app-policy.ts';
import type { NewChunk } from '../model/chunk.ts';
import { unregisteredId } from '../model/installation.ts';
import { RECEIPT_NAME_BYTES as NAME_BYTES, receiptName } from '../model/receipt.ts';
import type { Device } from './erasure.ts';

/** A set of more bytes is cut. A page spans tens of sets, and all that it changes is one write: 10 MiB in Firestore. */
const MOST_BYTES = 40_000;
/** An entry counts as this many at least, so that a set has 2,000 at most: the times of most are still to come. */
const LEAST_OF_ENTRY = 20;
const TIME_BYTES = 4;

export interface CapSet {
  /** its first bucket */
  start: number;
  set: Buffer;
}

/** Where the entry ends that begins at `at`: after its name, a byte says how many times follow. */
const endAt = (set: Buffer, at: number) => at + NAME_BYTES + 1 + TIME_BYTES * set[at + NAME_BYTES]!;

function timesAt(set: Buffer, at: number): number[] {
  const times: number[] = [];
  for (let it = at + NAME_BYTES + 1; it < endAt(set, at); it += TIME_BYTES)
    times.push(set.readUInt32BE(it));
  return times;
}

/** Writes an entry at `to`, and gives its end. */
function write(out: Buffer, to: number, name: Buffer, times: readonly number[]): number {
  let at = to + name.copy(out, to);
  at = out.writeUInt8(times.length, at);
  for (const it of times) at = out.writeUInt32BE(it, at);
  return at;
}

const nameAt = (names: Buffer, at: number) => names.subarray(at, at + NAME_BYTES);

/** The order of the names at these places, negative if the first is less. A place behind the end is the last. */
function order(a: Buffer, atA: number, b: Buffer, atB: number): number {
  if (atA >= a.length) return 1;
  if (atB >= b.length) return -1;
  return (
    a.readUInt32BE(atA) - b.readUInt32BE(atB) || a.readUInt32BE(atA + 4) - b.readUInt32BE(atB + 4)
  );
}

/**
 * Reserves a push at `now` (ms) to each of `names`, except to those that would be over a cap. They are in
 * ascending order, each once, and lie in the range of the set. What no cap counts any more is dropped. A time
 * is kept as the end of its second, so that no device is ever above a cap.
 */
export function reserve(
  set: Buffer,
  names: readonly string[],
  { caps, now }: { caps: readonly Cap[]; now: number },
): { set: Buffer; capped: string[] } {
  const limits = caps.map((it) => ({ max: it.max, after: (now - windowOf(it)) / 1000 }));
  const oldest = Math.min(...limits.map((it) => it.after));
  const isOver = (times: readonly number[]) =>
    limits.some(({ max, after }) => times.filter((it) => it > after).length >= max);
  const wanted = Buffer.from(names.join(''), 'hex');
  const out = Buffer.allocUnsafe(set.length + names.length * (NAME_BYTES + 1 + TIME_BYTES));
  const capped: string[] = [];
  let end = 0;
  // both are gone through side by side
  for (let [at, next] = [0, 0]; at < set.length || next < wanted.length; ) {
    const first = order(set, at, wanted, next);
    const times = first <= 0 ? timesAt(set, at).filter((it) => it > oldest) : [];
    const name = first <= 0 ? nameAt(set, at) : nameAt(wanted, next);
    if (first <= 0) at = endAt(set, at);
    if (first >= 0) {
      if (isOver(times)) capped.push(names[next / NAME_BYTES]!);
      else times.push(Math.ceil(now / 1000));
      next += NAME_BYTES;
    }
    if (times.length > 0) end = write(out, end, name, times);
  }
  return { set: out.subarray(0, end), capped };
}

/** Cuts a set that is too large into even parts; [it] if it is not. Names of one bucket stay together. */
export function cut({ start, set }: CapSet): CapSet[] {
  const sizeAt = (at: number) => Math.max(endAt(set, at) - at, LEAST_OF_ENTRY);
  let whole = 0;
  for (let at = 0; at < set.length; at = endAt(set, at)) whole += sizeAt(at);
  const most = whole / Math.ceil(whole / MOST_BYTES);
  const sets: CapSet[] = [];
  let [from, size, bucket] = [0, 0, start];
  for (let at = 0; at < set.length; at = endAt(set, at)) {
    const next = set.readUInt32BE(at);
    if (size >= most && next !== bucket) {
      sets.push({ start, set: set.subarray(from, at) });
      [start, from, size] = [next, at, 0];
    }
    size += sizeAt(at);
    bucket = next;
  }
  return [...sets, { start, set: set.subarray(from) }];
}

/** The set without the times (ms) of an installation that `isGone` says. */
export function withoutTimes(set: Buffer, name: string, isGone: (at: number) => boolean): Buffer {
  const sought = Buffer.from(name, 'hex');
  for (let at = 0; at < set.length; at = endAt(set, at)) {
    if (order(set, at, sought, 0) !== 0) continue;
    const left = timesAt(set, at).filter((seconds) => !isGone(seconds * 1000));
    const entry = Buffer.alloc(endAt(set, at) - at);
    const end = left.length > 0 ? write(entry, 0, sought, left) : 0;
    return Buffer.concat([
      set.subarray(0, at),
      entry.subarray(0, end),
      set.subarray(endAt(set, at)),
    ]);
  }
  return set;
}

/** The names under which times of a device are kept, ascending: also that of its token, unregistered. */
export const namesOf = ({ id, token }: Pick<Device, 'id' | 'token'>): string[] =>
  [id, unregisteredId(token)].map(receiptName).sort();

/** When the last entry of a set that was just written is of no use any more, in ms. */
export const setExpiry = (caps: readonly Cap[], now: number) =>
  now + Math.max(...caps.map(windowOf));

/**
 * The names of the recipients to which chunks send, ascending, each once: a campaign counts once for a device.
 */
export const namesIn = (chunks: readonly NewChunk[]): string[] => [
  ...new Set(
    chunks
      .filter((it) => !it.isLate)
      .flatMap((it) => it.recipients.map(({ installationId: id }) => receiptName(id)))
      .sort(),
  ),
];
