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
import { bucketIn, RECEIPT_NAME_BYTES as NAME_BYTES, receiptName } from '../model/receipt.ts';

/** More are cut. A page spans tens of sets, and all that it changes is one write: 10 MiB in Firestore. */
const [MOST_ENTRIES, MOST_BYTES] = [2_000, 40_000];
/** Times of an entry: a byte says how many follow. The policy allows fewer. */
const MOST_TIMES = 255;

type Entry = [name: string, seconds: number[]];

export interface CapSet {
  /** its first bucket */
  start: number;
  set: Buffer;
}

function entriesOf(set: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < set.length; ) {
    const name = set.toString('hex', at, at + NAME_BYTES);
    at += NAME_BYTES;
    const times = Array.from({ length: set[at]! }, (_, i) => set.readUInt32BE(at + 1 + 4 * i));
    at += 1 + 4 * times.length;
    entries.push([name, times]);
  }
  return entries;
}

const bytesOf = ([, times]: Entry) => NAME_BYTES + 1 + 4 * times.length;

function packed(entries: readonly Entry[]): Buffer {
  const set = Buffer.allocUnsafe(entries.reduce((sum, it) => sum + bytesOf(it), 0));
  let at = 0;
  for (const [name, times] of entries) {
    at += set.write(name, at, 'hex');
    at = set.writeUInt8(times.length, at);
    for (const it of times) at = set.writeUInt32BE(it, at);
  }
  return set;
}

const byName = ([a]: Entry, [b]: Entry) => (a < b ? -1 : Number(a > b));

/**
 * Reserves a push at `now` (ms) to each of `names`, which lie in the range of the set, except to those that
 * would be over a cap. What no cap counts any more is dropped. A time is kept as the end of its second, so
 * that no device is ever above a cap.
 */
export function reserve(
  set: Buffer,
  names: readonly string[],
  { caps, now }: { caps: readonly Cap[]; now: number },
): { set: Buffer; capped: string[] } {
  const limits = caps.map((it) => ({ max: it.max, after: (now - windowOf(it)) / 1000 }));
  const oldest = Math.min(...limits.map((it) => it.after));
  const isOver = (times: number[]) =>
    limits.some(({ max, after }) => times.filter((it) => it > after).length >= max);
  const kept = new Map(
    entriesOf(set)
      .map(([name, times]): Entry => [name, times.filter((it) => it > oldest)])
      .filter(([, times]) => times.length > 0),
  );
  const capped: string[] = [];
  for (const name of names) {
    const times = kept.get(name) ?? [];
    if (isOver(times)) capped.push(name);
    else kept.set(name, [...times, Math.ceil(now / 1000)].slice(-MOST_TIMES));
  }
  return { set: packed([...kept].sort(byName)), capped };
}

/** Cuts a set that is too large into even parts; [it] if it is not. */
export function cut(it: CapSet): CapSet[] {
  const entries = entriesOf(it.set);
  const parts = Math.ceil(Math.max(entries.length / MOST_ENTRIES, it.set.length / MOST_BYTES));
  if (parts <= 1) return [it];
  const size = Math.ceil(entries.length / parts);
  const sets: CapSet[] = [];
  for (let from = 0, start = it.start; from < entries.length; ) {
    let to = Math.min(from + size, entries.length);
    // names of one bucket stay together
    while (to < entries.length && bucketIn(entries[to]![0]) === bucketIn(entries[to - 1]![0]))
      to += 1;
    sets.push({ start, set: packed(entries.slice(from, to)) });
    if (to < entries.length) start = bucketIn(entries[to]![0]);
    from = to;
  }
  return sets;
}

/** The set without the times (ms) of an installation that `isGone` says; null if it has none of them. */
export function withoutTimes(
  set: Buffer,
  name: string,
  isGone: (at: number) => boolean,
): Buffer | null {
  const entries = entriesOf(set);
  const left = entries.flatMap((it): Entry[] => {
    if (it[0] !== name) return [it];
    const times = it[1].filter((seconds) => !isGone(seconds * 1000));
    return times.length > 0 ? [[name, times]] : [];
  });
  const rest = packed(left);
  return rest.length < set.length ? rest : null;
}

/** When the last entry of a set that was just written is of no use any more, in ms. */
export const setExpiry = (caps: readonly Cap[], now: number) =>
  now + Math.max(...caps.map(windowOf));

/** The names of the recipients of chunks, in their order. */
export const namesIn = (chunks: readonly NewChunk[]): string[] =>
  chunks.flatMap((it) => it.recipients.map(({ installationId: id }) => receiptName(id))).sort();
