/** Chunks as they are frozen when some of their recipients are over a cap. */

import type { NewChunk } from '../model/chunk.ts';
import { receiptName } from '../model/receipt.ts';
import type { Frozen } from '../ports/ports.ts';
import { withCapped } from './outcomes.ts';

export interface CappedChunk {
  /** those over a cap count no badge up */
  chunk: NewChunk;
  /** null: all are open */
  outcomes: string | null;
  capped: number;
  /** there is nothing to send */
  isSettled: boolean;
}

/** `names` are those over a cap, as `receiptName` gives them. */
export function withCaps(chunk: NewChunk, names: ReadonlySet<string>): CappedChunk {
  const { recipients } = chunk;
  const capped = new Set<number>();
  if (names.size > 0)
    for (const [index, it] of recipients.entries())
      if (names.has(receiptName(it.installationId))) capped.add(index);
  if (capped.size === 0) return { chunk, outcomes: null, capped: 0, isSettled: false };
  return {
    chunk: {
      ...chunk,
      recipients: recipients.map((it, index) => {
        if (!capped.has(index)) return it;
        const { badge: _, ...rest } = it;
        return rest;
      }),
    },
    outcomes: withCapped(recipients.length, capped),
    capped: capped.size,
    isSettled: capped.size === recipients.length,
  };
}

/** What a store answers about chunks that are settled as they are frozen. */
export function settledIn(
  chunks: readonly CappedChunk[],
): Pick<Frozen & { kind: 'frozen' }, 'settled'> {
  const settled = chunks.filter((it) => it.isSettled).map((it) => it.chunk.id);
  return settled.length > 0 ? { settled } : {};
}
