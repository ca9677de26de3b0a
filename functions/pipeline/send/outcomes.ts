/** The recipients of a claimed chunk: which are open, and what was learnt of the others. */

import { shortToken } from '../../lib/redact.ts';
import type { Chunk, ChunkCommit } from '../../model/chunk.ts';
import type { Outcome } from '../../model/outcome.ts';
import { wasTried } from './quiet.ts';

interface Failed {
  outcome: Exclude<Outcome['kind'], 'accepted'>;
  reason: string;
  detail?: string | undefined;
}

type Failure = ChunkCommit['failures'][number];

type Taken = Pick<
  ChunkCommit,
  'accepted' | 'names' | 'skipped' | 'failures' | 'forget' | 'open' | 'inDoubt'
>;

/** Characters of the provider's own words that a failure keeps. */
const MAX_DETAIL = 300;

/**
 * Failures of one commit, at most: each token to forget is several writes of the same transaction, and a
 * request to Firestore holds 10 MiB.
 */
const FAILED_TOGETHER = 1_000;

export type Outcomes = ReturnType<typeof createOutcomes>;

/** Recipients are named by their index in the chunk. Settling one twice throws. */
export function createOutcomes(chunk: Chunk, now: () => number) {
  const open = new Set(chunk.open);
  const inDoubt = new Set(chunk.inDoubt);
  let accepted = 0;
  let names: Record<number, string> | undefined;
  let skipped: number[] = [];
  let failed: { failure: Failure; forgetSince: number | undefined }[] = [];
  const attempts = wasTried(chunk) ? chunk.attempt + 1 : 1;
  const answered = { accepted: 0, failed: 0, reasons: new Map<string, number>() };

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
    /** `name`: what the provider names the push, if that is kept */
    accept(index: number, name?: string) {
      settle(index);
      accepted += 1;
      if (name !== undefined) {
        names ??= {};
        names[index] = name;
      }
      answered.accepted += 1;
    },
    skip(index: number) {
      settle(index);
      skipped.push(index);
    },
    /** `forgetSince`: the token goes too, unless it was registered again after that */
    fail(index: number, { outcome, reason, detail }: Failed, forgetSince?: number) {
      settle(index);
      const { installationId, token } = chunk.recipients[index]!;
      const { provider } = chunk;
      const said = detail?.replaceAll(token, shortToken(token)).slice(0, MAX_DETAIL);
      const failure: Failure = {
        installationId,
        token,
        index,
        provider,
        outcome,
        reason,
        attempts,
        at: now(),
        ...(said && { detail: said }),
      };
      failed.push({ failure, forgetSince });
      answered.failed += 1;
      answered.reasons.set(reason, (answered.reasons.get(reason) ?? 0) + 1);
    },
    /** How many were accepted and have failed since the claim. */
    answered: () => ({ ...answered, reasons: Object.fromEntries(answered.reasons) }),
    /** Whether a recipient was settled since the claim. */
    progress: () => open.size < chunk.open.length,
    /** Whether more was learnt than one commit takes. */
    overflows: () => failed.length > FAILED_TOGETHER,
    /**
     * What was learnt since the last call, and what is open now. Failures beyond the most of one commit
     * stay for the next call, and are open until then.
     */
    take(): Taken {
      const now = failed.slice(0, FAILED_TOGETHER);
      failed = failed.slice(FAILED_TOGETHER);
      const taken: Taken = {
        accepted,
        ...(names && { names }),
        skipped,
        failures: now.map((it) => it.failure),
        forget: now.flatMap(({ failure: { installationId, token }, forgetSince: since }) =>
          since === undefined ? [] : { installationId, token, since },
        ),
        open: [...open, ...failed.map((it) => it.failure.index)],
        inDoubt: [...inDoubt],
      };
      accepted = 0;
      names = undefined;
      skipped = [];
      return taken;
    },
  };
}
