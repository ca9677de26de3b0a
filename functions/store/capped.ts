/** Chunks as they are frozen when some of their recipients are skipped then: over a cap, or too late. */

import type { NewChunk, Recipient } from '../model/chunk.ts';
import type { Frozen, FrozenPage } from '../ports/ports.ts';
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

/** Those of a page that wait for the end of quiet hours, without those that are over a cap. */
export function heldIn(
  { held }: Pick<FrozenPage, 'held'>,
  chunks: readonly CappedChunk[],
): FrozenPage['held'] {
  const capped = chunks.reduce((sum, it) => sum + (it.chunk.isHeld ? it.capped : 0), 0);
  if (!held || held.recipients <= capped) return undefined;
  return { ...held, recipients: held.recipients - capped };
}

/** What a store answers about chunks that are settled as they are frozen. */
export function settledIn(
  chunks: readonly CappedChunk[],
): Pick<Frozen & { kind: 'frozen' }, 'settled'> {
  const settled = chunks.filter((it) => it.isSettled).map((it) => it.chunk.id);
  return settled.length > 0 ? { settled } : {};
}
