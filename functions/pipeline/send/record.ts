/**
 * record: collects the outcomes of a claimed chunk and commits them to the store.
 *
 * Each commit takes the lease that the one before it gave and gives a new one. So a commit whose
 * answer was lost can be tried again: applied already, it finds itself fenced, and nothing is
 * counted twice.
 */

import { randomUUID } from 'node:crypto';
import { retry } from '../../lib/retry.ts';
import { chunkEvents } from '../../model/campaign-events.ts';
import type { Chunk, ChunkCommit, Held, Lease } from '../../model/chunk.ts';
import { LEASE_MS, LOST_AFTER_MS } from '../../model/timing.ts';
import type { Committed, Log, Ports } from '../../ports/ports.ts';
import { leaveToSweep, publish } from '../complete.ts';
import { listenedTo, tellProgress } from '../listeners.ts';
import { createOutcomes } from './outcomes.ts';

const COMMIT_TRIES = 4;
/** Milliseconds before the second try; each further try waits as much longer. */
const COMMIT_WAIT_MS = 250;

/** A lease from `now` (ms since the epoch) on, under an id of its own. */
export const newLease = (now: number): Lease => ({ id: randomUUID(), until: now + LEASE_MS });

interface Attempted {
  tried: boolean;
  held?: Held | undefined;
}

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
  const outcomes = createOutcomes(chunk, now);

  async function commit(end: Release | null, held?: Held): Promise<Committed> {
    const next = newLease(now());
    const write: ChunkCommit = {
      chunkId: chunk.id,
      leaseId: lease.id,
      ...outcomes.take(),
      ...(held && { held }),
      lease: end ?? { keep: next },
      dueAt: end ? end.notBefore + LOST_AFTER_MS : next.until,
      now: now(),
    };
    const events = await eventsOf(write);
    if (events.length > 0) write.events = events;
    const committed = await persist(() => store.commitChunk(write));
    lease = next;
    if (committed.kind === 'fenced') return committed;
    logCommit(log, chunk, write, { ended: end !== null, ms: now() - claimedAt });
    await publish(ports, events).catch(leaveToSweep(ports, chunk.campaignId));
    if (committed.state === 'running') await tellProgress(ports, chunk);
    return committed;
  }

  async function eventsOf(write: ChunkCommit) {
    if (write.failures.length === 0) return [];
    return chunkEvents(chunk, write, await persist(() => listenedTo(ports, chunk)));
  }

  return {
    ...outcomes,
    /** Commits what is known and keeps the lease. Throws when the store fails four times. */
    checkpoint: () => commit(null),
    /**
     * Commits what is known and releases the lease; open recipients are not sent before `notBefore`.
     * `tried`: pushes were to be sent.
     */
    async release(notBefore: number, { tried, held }: Attempted = { tried: true }) {
      while (outcomes.overflows()) {
        const committed = await commit(null);
        if (committed.kind === 'fenced') return committed;
      }
      const stalled = outcomes.progress() ? 0 : chunk.stalled + (tried ? 1 : 0);
      return commit({ release: true, notBefore, stalled }, held);
    },
  };
}

/** Logs a commit, and its failures by reason. */
export function logCommit(
  log: Log,
  { campaignId, id: chunkId, provider }: Pick<Chunk, 'campaignId' | 'id' | 'provider'>,
  { accepted, skipped, failures, open }: ChunkCommit,
  attempt: { ended: boolean; ms: number },
) {
  const settled = { accepted, failed: failures.length, skipped: skipped.length };
  const counts = { ...settled, open: open.length };
  log.chunkRecorded({ campaignId, chunkId, provider, ...counts, ...attempt });
  const byReason = Map.groupBy(failures, ({ outcome, reason }) => `${outcome} ${reason}`);
  for (const some of byReason.values()) {
    const { outcome, reason } = some[0]!;
    log.recipientsFailed({ campaignId, provider, outcome, reason, count: some.length });
  }
}

/** Tries a write, or a read that it needs, four times within two seconds. */
export const persist = <T>(write: () => Promise<T>): Promise<T> =>
  retry(write, {
    next: (_, attempt) => (attempt === COMMIT_TRIES ? null : COMMIT_WAIT_MS * attempt),
  });
