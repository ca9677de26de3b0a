/** The recipients of a claimed chunk: which are open, and what was learnt of the others. */

import { shortToken } from '../../lib/redact.ts';
import type { Chunk, ChunkCommit } from '../../model/chunk.ts';
import type { Outcome } from '../../model/outcome.ts';

interface Failed {
  outcome: Exclude<Outcome['kind'], 'accepted'>;
  reason: string;
  detail?: string | undefined;
}

type Learnt = Pick<ChunkCommit, 'accepted' | 'skipped' | 'failures' | 'forget'>;

/** Characters of the provider's own words that a failure keeps. */
const MAX_DETAIL = 300;

const nothing = (): Learnt => ({ accepted: 0, skipped: 0, failures: [], forget: [] });

/** Recipients are named by their index in the chunk. Settling one twice throws. */
export function createOutcomes(chunk: Chunk, now: () => number) {
  const open = new Set(chunk.open);
  const inDoubt = new Set(chunk.inDoubt);
  let learnt = nothing();

  function settle(index: number) {
    if (!open.delete(index)) throw new Error(`recipient ${index} of ${chunk.id} settled twice`);
    inDoubt.delete(index);
  }

  return {
    open: () => [...open],
    isInDoubt: (index: number) => inDoubt.has(index),
    doubt(index: number) {
      inDoubt.add(index);
    },
    accept(index: number) {
      settle(index);
      learnt.accepted += 1;
    },
    skip(index: number) {
      settle(index);
      learnt.skipped += 1;
    },
    /** `forgetSince`: the token goes too, unless it was registered again after that */
    fail(index: number, { outcome, reason, detail }: Failed, forgetSince?: number) {
      settle(index);
      const { installationId, token } = chunk.recipients[index]!;
      const recipient = { installationId, token };
      const attempts = chunk.attempt + 1;
      const { provider } = chunk;
      const said = detail?.replaceAll(token, shortToken(token)).slice(0, MAX_DETAIL);
      learnt.failures.push({
        ...recipient,
        index,
        provider,
        outcome,
        reason,
        attempts,
        at: now(),
        ...(said && { detail: said }),
      });
      if (forgetSince !== undefined) learnt.forget.push({ ...recipient, since: forgetSince });
    },
    /** Whether a recipient was settled since the claim. */
    progress: () => open.size < chunk.open.length,
    left: () => open.size,
    /** What was learnt since the last call, and what is open now. */
    take(): Learnt & Pick<ChunkCommit, 'open' | 'inDoubt'> {
      const taken = { ...learnt, open: [...open], inDoubt: [...inDoubt] };
      learnt = nothing();
      return taken;
    },
  };
}
