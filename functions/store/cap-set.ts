/**
 * What is kept of devices for the caps of an app, packed: entries in the order of their names, each the name
 * of an installation, how many times follow, and the times at which campaigns reserved a push to it, in
 * seconds since the epoch. A name is the bucket and 32 more bits. The bucket is read with a recipient, and
 * SHA-256 for more of its bits would take longer than all else that is done for caps.
 *
 * A set has the installations of a range of buckets. It is cut when it is full, so a registry of any size has
 * sets of about the same size. A document for each device would cost a read and a write for each push:
 * $1.20 a million on Firestore, for which sets cost about $0.002.
 */

import { type Cap, windowOf } from '../model/app-policy.ts';
import { bucketOf } from '../model/bucket.ts';
import type { NewChunk, Recipient } from '../model/chunk.ts';
import { unregisteredId } from '../model/installation.ts';
import type { Device } from './erasure.ts';

/** Bytes that an entry counts as, at least, for the size of its set: the times of most are still to come. */
const LEAST_OF_ENTRY = 20;
const [NAME_BYTES, TIME_BYTES] = [8, 4];

export interface CapSet {
  /** its first bucket */
  start: number;
  set: Buffer;
}

/** Where the entry ends that begins at `at`: after its name, a byte says how many times follow. */
const endAt = (set: Buffer, at: number) => at + NAME_BYTES + 1 + TIME_BYTES * set[at + NAME_BYTES]!;

type Named = Pick<Recipient, 'installationId' | 'bucket'>;

/** Recipients in the order of their names. */
export interface Names {
  buckets: Uint32Array;
  /** the other half of each name */
  hashes: Uint32Array;
  recipients: readonly Named[];
}

/** Plain loops: this is done for each recipient, and iterators would take three times as long. */
function namesFrom(recipients: readonly Named[]): Names {
  const length = recipients.length;
  const [buckets, hashes] = [new Uint32Array(length), new Uint32Array(length)];
  const order: number[] = [];
  for (let i = 0; i < length; i++) {
    const { bucket, installationId } = recipients[i]!;
    buckets[i] = bucket ?? bucketOf(installationId);
    hashes[i] = hashOf(installationId);
    order.push(i);
  }
  // fast, since each chunk is in order already
  order.sort((a, b) => buckets[a]! - buckets[b]! || hashes[a]! - hashes[b]!);
  const names = {
    buckets: new Uint32Array(length),
    hashes: new Uint32Array(length),
    recipients: order.map((it) => recipients[it]!),
  };
  for (let i = 0; i < length; i++) {
    names.buckets[i] = buckets[order[i]!]!;
    names.hashes[i] = hashes[order[i]!]!;
  }
  return names;
}

/** FNV-1a: https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The names from an index to another. */
export const between = (
  { buckets, hashes, recipients }: Names,
  from: number,
  to: number,
): Names => ({
  buckets: buckets.subarray(from, to),
  hashes: hashes.subarray(from, to),
  recipients: recipients.slice(from, to),
});

/** The index of the first name, from an index on, in the bucket `end` or behind it. */
export function endIn({ buckets }: Names, from: number, end: number): number {
  let to = from;
  while (to < buckets.length && buckets[to]! < end) to += 1;
  return to;
}

/** The order of an entry and a name, negative if the entry is first. What is behind the end is last. */
function order(set: Buffer, at: number, { buckets, hashes }: Names, index: number): number {
  if (at >= set.length) return 1;
  if (index >= buckets.length) return -1;
  return set.readUInt32BE(at) - buckets[index]! || set.readUInt32BE(at + 4) - hashes[index]!;
}

/** Copies an entry with those of its times that are above `oldest`, and gives where the copy ends. */
function copyTimes(set: Buffer, at: number, out: Buffer, to: number, oldest: number): number {
  set.copy(out, to, at, at + NAME_BYTES);
  let end = to + NAME_BYTES + 1;
  for (let from = at + NAME_BYTES + 1; from < endAt(set, at); from += TIME_BYTES) {
    const seconds = set.readUInt32BE(from);
    if (seconds > oldest) end = out.writeUInt32BE(seconds, end);
  }
  return end;
}

/** The last of an entry's times. Planners' clocks differ by seconds, so it is about the latest. */
const lastTime = (set: Buffer, at: number) => set.readUInt32BE(endAt(set, at) - TIME_BYTES);

interface Limit {
  max: number;
  /** seconds since the epoch */
  after: number;
}

/** Whether the times between two places of a set are as many as a cap allows. */
function isOver(limits: readonly Limit[], set: Buffer, from: number, to: number): boolean {
  for (const { max, after } of limits) {
    let count = 0;
    for (let at = from; at < to; at += TIME_BYTES) if (set.readUInt32BE(at) > after) count += 1;
    if (count >= max) return true;
  }
  return false;
}

/**
 * Reserves a push at `now` (ms) to each of the recipients, which lie in the range of the set, except to those
 * that would be over a cap. One that is there twice counts once. What no cap counts any more is dropped. A
 * time is kept as the end of its second, so that no device is ever above a cap.
 */
export function reserve(
  set: Buffer,
  names: Names,
  { caps, now }: { caps: readonly Cap[]; now: number },
): { set: Buffer; capped: Named[] } {
  const limits = caps.map((it): Limit => ({ max: it.max, after: (now - windowOf(it)) / 1000 }));
  const oldest = Math.min(...limits.map((it) => it.after));
  const { buckets, hashes, recipients } = names;
  const out = Buffer.allocUnsafe(set.length + buckets.length * (NAME_BYTES + 1 + TIME_BYTES));
  const capped: Named[] = [];
  let end = 0;
  // both are gone through side by side
  for (let [at, next] = [0, 0]; at < set.length || next < buckets.length; ) {
    const first = order(set, at, names, next);
    if (first < 0) {
      // it keeps what is too old as long as it has anything else
      if (lastTime(set, at) > oldest) end += set.copy(out, end, at, endAt(set, at));
      at = endAt(set, at);
      continue;
    }
    const [bucket, hash] = [buckets[next]!, hashes[next]!];
    const times = end + NAME_BYTES + 1;
    let to = times;
    if (first === 0) {
      to = copyTimes(set, at, out, end, oldest);
      at = endAt(set, at);
    } else out.writeUInt32BE(hash, out.writeUInt32BE(bucket, end));
    const over = isOver(limits, out, times, to);
    if (!over) to = out.writeUInt32BE(Math.ceil(now / 1000), to);
    out[times - 1] = (to - times) / TIME_BYTES;
    end = to;
    for (; buckets[next] === bucket && hashes[next] === hash; next++)
      if (over) capped.push(recipients[next]!);
  }
  return { set: out.subarray(0, end), capped };
}

/** Cuts a set of more than `mostBytes` into even parts; [it] if it is not. Names of one bucket stay together. */
export function cut({ start, set }: CapSet, mostBytes: number): CapSet[] {
  const sizeAt = (at: number) => Math.max(endAt(set, at) - at, LEAST_OF_ENTRY);
  let whole = 0;
  for (let at = 0; at < set.length; at = endAt(set, at)) whole += sizeAt(at);
  const most = whole / Math.ceil(whole / mostBytes);
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

/** The set without the times (ms) of these devices that `isGone` says. */
export function withoutTimes(set: Buffer, names: Names, isGone: (at: number) => boolean): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0; at < set.length; at = endAt(set, at)) {
    const entry = set.subarray(at, endAt(set, at));
    const isNamed = names.buckets.some((_, index) => order(set, at, names, index) === 0);
    kept.push(isNamed ? without(entry, isGone) : entry);
  }
  return Buffer.concat(kept);
}

function without(entry: Buffer, isGone: (at: number) => boolean): Buffer {
  const times: Buffer[] = [];
  for (let at = NAME_BYTES + 1; at < entry.length; at += TIME_BYTES)
    if (!isGone(entry.readUInt32BE(at) * 1000)) times.push(entry.subarray(at, at + TIME_BYTES));
  if (times.length === 0) return Buffer.alloc(0);
  return Buffer.concat([entry.subarray(0, NAME_BYTES), Buffer.of(times.length), ...times]);
}

/** The names under which times of a device are kept: also that of its token, unregistered. */
export const namesOf = ({ id, token }: Pick<Device, 'id' | 'token'>): Names =>
  namesFrom([{ installationId: id }, { installationId: unregisteredId(token) }]);

/** When the last entry of a set that was just written is of no use any more, in ms. */
export const setExpiry = (caps: readonly Cap[], now: number) =>
  now + Math.max(...caps.map(windowOf));

/** The recipients to which chunks send, by their names. */
export const namesIn = (chunks: readonly NewChunk[]): Names =>
  namesFrom(chunks.flatMap((it) => (it.isLate ? [] : it.recipients)));
