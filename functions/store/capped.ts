/** Chunks as they are frozen when some of their recipients are skipped then: over a cap, or too late. */

import type { Held, NewChunk, Recipient } from '../model/chunk.ts';
import type { Frozen } from '../ports/ports.ts';
import { allLate, withCapped } from './outcomes.ts';

export interface CappedChunk {
  /** those that are skipped count no badge up */
  chunk: NewChunk;
  /** null: all are open */
  outcomes: string | null;
  capped: number;
  late: number;
  /** there is nothing to send */
  isSettled: boolean;
}

/** `over`: the recipients that are over a cap. */
export function withCaps(chunk: NewChunk, over: ReadonlySet<object>): CappedChunk {
  const { recipients } = chunk;
  if (chunk.isLate) return late(chunk);
  const capped = new Set<number>();
  if (over.size > 0)
    for (const [index, it] of recipients.entries()) if (over.has(it)) capped.add(index);
  if (capped.size === 0) return { chunk, outcomes: null, capped: 0, late: 0, isSettled: false };
  return {
    chunk: {
      ...chunk,
      recipients: recipients.map((it, index) => (capped.has(index) ? withoutBadge(it) : it)),
    },
    outcomes: withCapped(recipients.length, capped),
    capped: capped.size,
    late: 0,
    isSettled: capped.size === recipients.length,
  };
}

const withoutBadge = ({ badge: _, ...rest }: Recipient): Recipient => rest;

const late = (chunk: NewChunk): CappedChunk => ({
  chunk: { ...chunk, recipients: chunk.recipients.map(withoutBadge) },
  outcomes: allLate(chunk.recipients.length),
  capped: 0,
  late: chunk.recipients.length,
  isSettled: true,
});

/** Those who wait for the end of quiet hours, without those that are over a cap; undefined: none do. */
export function heldIn(chunks: readonly CappedChunk[]): Held | undefined {
  const held = chunks.flatMap(({ chunk: { heldUntil: until, recipients }, capped }) =>
    until !== undefined && recipients.length > capped
      ? [{ until, recipients: recipients.length - capped }]
      : [],
  );
  if (held.length === 0) return undefined;
  return {
    recipients: held.reduce((sum, it) => sum + it.recipients, 0),
    until: Math.max(...held.map((it) => it.until)),
  };
}

/** What a store answers about chunks that are settled as they are frozen. */
export function settledIn(
  chunks: readonly CappedChunk[],
): Pick<Frozen & { kind: 'frozen' }, 'settled'> {
  const settled = chunks.filter((it) => it.isSettled).map((it) => it.chunk.id);
  return settled.length > 0 ? { settled } : {};
}
