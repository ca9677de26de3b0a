/**
 * record: collects the outcomes of a claimed chunk and commits them to the store.
 *
 * Each commit takes the lease that the one before it gave and gives a new one. So a commit whose
 * answer was lost can be tried again: applied already, it finds itself fenced, and nothing is
 * counted twice.
 */

import { randomUUID } from 'node:crypto';
import { shortToken } from '../../lib/redact.ts';
import { retry } from '../../lib/retry.ts';
import { chunkEvents } from '../../model/campaign-events.ts';
import type { Chunk, ChunkCommit, Lease } from '../../model/chunk.ts';
import type { Outcome } from '../../model/outcome.ts';
import { LEASE_MS, LOST_AFTER_MS } from '../../model/timing.ts';
import type { Committed, Ports } from '../../ports/ports.ts';
import { leaveToSweep, publish } from '../complete.ts';
import { listenedTo, tellProgress } from '../listeners.ts';

const COMMIT_TRIES = 4;
/** Milliseconds before the second try; each further try waits as much longer. */
const COMMIT_WAIT_MS = 250;

/** A lease from `now` (ms since the epoch) on, under an id of its own. */
export const newLease = (now: number): Lease => ({ id: randomUUID(), until: now + LEASE_MS });

interface Failed {
  outcome: Exclude<Outcome['kind'], 'accepted'>;
  reason: string;
  detail?: string | undefined;
}

/** Characters of the provider's own words that a failure keeps. */
const MAX_DETAIL = 300;

type Release = Extract<ChunkCommit['lease'], { release: true }>;

export type Recorder = ReturnType<typeof createRecorder>;

/**
 * Collects the outcomes of a chunk that was claimed with the lease `first`. Settling a recipient twice
 * throws.
 */
export function createRecorder(ports: Ports, chunk: Chunk, first: Lease) {
  const { store, log, now } = ports;
  const claimedAt = now();
  let lease = first;
  const open = new Set(chunk.open);
  const inDoubt = new Set(chunk.inDoubt);
  const nothing = () => ({
    accepted: 0,
    skipped: 0,
    failures: [] as ChunkCommit['failures'],
    forget: [] as ChunkCommit['forget'],
  });
  let learnt = nothing();

  async function commit(end: Release | null): Promise<Committed> {
    const next = newLease(now());
    const write: ChunkCommit = {
      chunkId: chunk.id,
      leaseId: lease.id,
      ...learnt,
      open: [...open],
      inDoubt: [...inDoubt],
      lease: end ?? { keep: next },
      dueAt: end ? end.notBefore + LOST_AFTER_MS : next.until,
      now: now(),
    };
    learnt = nothing();
    const events = await eventsOf(write);
    if (events.length > 0) write.events = events;
    const committed = await persist(() => store.commitChunk(write));
    lease = next;
    if (committed.kind === 'fenced') return committed;
    tell(write, end !== null);
    await publish(ports, events).catch(leaveToSweep(ports, chunk.campaignId));
    if (committed.state === 'running') await tellProgress(ports, chunk);
    return committed;
  }

  async function eventsOf(write: ChunkCommit) {
    if (write.failures.length === 0) return [];
    return chunkEvents(chunk, write, await persist(() => listenedTo(ports, chunk)));
  }

  function tell({ accepted, skipped, failures }: ChunkCommit, ended: boolean) {
    const { campaignId, id: chunkId, provider } = chunk;
    const counts = { accepted, failed: failures.length, skipped, open: open.size };
    log.chunkRecorded({ campaignId, chunkId, provider, ...counts, ended, ms: now() - claimedAt });
    const byReason = Map.groupBy(failures, ({ outcome, reason }) => `${outcome} ${reason}`);
    for (const some of byReason.values()) {
      const { outcome, reason } = some[0]!;
      log.recipientsFailed({ campaignId, provider, outcome, reason, count: some.length });
    }
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
    /** Commits what is known and keeps the lease. Throws when the store fails four times. */
    checkpoint: () => commit(null),
    /** Whether a recipient was settled since the claim. */
    progress: () => open.size < chunk.open.length,
    /** Commits what is known and releases the lease; open recipients are not sent before `notBefore`. */
    release(notBefore: number) {
      const stalled = this.progress() ? 0 : chunk.stalled + 1;
      return commit({ release: true, notBefore, stalled });
    },
  };

  function settle(index: number) {
    if (!open.delete(index)) throw new Error(`recipient ${index} of ${chunk.id} settled twice`);
    inDoubt.delete(index);
  }
}

const persist = <T>(write: () => Promise<T>): Promise<T> =>
  retry(write, {
    next: (_, attempt) => (attempt === COMMIT_TRIES ? null : COMMIT_WAIT_MS * attempt),
  });
