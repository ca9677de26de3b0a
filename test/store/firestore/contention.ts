/**
 * How Firestore treats documents that many write: a document takes about one write a second for long, and
 * some more for a moment. The emulator has no such bound, so a proxy before it refuses the others.
 * https://firebase.google.com/docs/firestore/best-practices#updates_to_a_single_document
 */

import { status } from '@grpc/grpc-js';
import type { Call, FirestoreProxy } from './proxy.ts';

/** Writes that a document takes at a time beyond the one a second. */
const BURST = 8;

export interface Contention {
  /** writes by the document's name, refused ones included */
  written: Map<string, number>;
  /** commits that were refused */
  aborted: number;
}

/** Refuses commits with too many writes of one document, by the clock `now`, in ms. */
export function contended(proxy: FirestoreProxy, now: () => number): Contention {
  const seen: Contention = { written: new Map(), aborted: 0 };
  const buckets = new Map<string, { left: number; at: number }>();
  /** Takes what the document has left; false if that is nothing. */
  function take(name: string): boolean {
    const { left, at } = buckets.get(name) ?? { left: BURST, at: now() };
    const refilled = Math.min(BURST, left + (now() - at) / 1_000);
    buckets.set(name, { left: Math.max(0, refilled - 1), at: now() });
    return refilled >= 1;
  }
  proxy.fault = (call: Call) => {
    if (call.method !== 'Commit') return null;
    const names = call.documents.map((it) => it.name!);
    for (const it of names) seen.written.set(it, (seen.written.get(it) ?? 0) + 1);
    if (names.map(take).every(Boolean)) return null;
    seen.aborted += 1;
    return { code: status.ABORTED, when: 'before' };
  };
  return seen;
}
