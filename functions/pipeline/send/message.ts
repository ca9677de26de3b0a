/**
 * message: sends a message in the process that accepted it, and stores its outcome in one write.
 *
 * Until then nothing says who was sent to. If the process dies, the sweep has the message planned when
 * `sending` is over, and it is sent to all of its recipients, as a chunk whose sender died is.
 */

import { type Campaign, isClosed } from '../../model/campaign.ts';
import { chunkEvents } from '../../model/campaign-events.ts';
import type { Chunk, ChunkCommit, NewChunk } from '../../model/chunk.ts';
import type { Provider } from '../../model/provider/registry.ts';
import { MESSAGE_DEADLINE_MS } from '../../model/timing.ts';
import type {
  AppStanding,
  ClosedMessage,
  Committed,
  Ports,
  SentMessage,
} from '../../ports/ports.ts';
import { announce, leaveToSweep } from '../complete.ts';
import { attempt, type Ended, ended } from './attempt.ts';
import { createOutcomes } from './outcomes.ts';
import { logCommit, newLease, persist } from './record.ts';
import { sendLater, type Unsettled } from './unsettled.ts';

/** A message, and its recipients in chunks. */
export interface Message {
  campaign: Campaign;
  chunks: NewChunk[];
  /** by the name of a variable: recipients that have neither a value nor a default for it */
  missing: Record<string, number> | undefined;
  /** recipients whose devices let the app show nothing */
  denied: number;
  wanted: AppStanding['wanted'];
}

/** What is noted about the pushes of a message while it is sent. */
interface Noted {
  firstPushAt: number | null;
  acceptedBy: Set<Provider>;
  /** why the message has to be paused */
  pause: string | null;
}

/** The chunk as one attempt has left it. */
interface Tried {
  commit: ChunkCommit;
  /** when what is left may be sent, in ms */
  next: number;
}

/**
 * Makes one attempt at each chunk, and stores what was learnt. Gives the message if it is closed then; null
 * if the rest is queued, or another process has it. Throws when the store or the queue fails.
 */
export async function sendMessage(
  ports: Ports,
  message: Message,
  stop: AbortSignal,
): Promise<ClosedMessage | null> {
  const { campaign, chunks } = message;
  const noted: Noted = { firstPushAt: null, acceptedBy: new Set(), pause: null };
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), MESSAGE_DEADLINE_MS);
  const ends = AbortSignal.any([stop, late.signal]);
  const tried = await Promise.all(
    chunks.map((chunk) => tryChunk(ports, message, { chunk, noted, stop: ends })),
  ).finally(() => clearTimeout(timer));
  const commits = tried.map(({ commit }) => commit);
  if (commits.every(({ open }) => open.length === 0) && noted.pause === null)
    return close(ports, message, commits, noted);
  const rest: Unsettled = {
    campaign,
    chunks,
    missing: message.missing,
    denied: message.denied,
    tried,
    firstPushAt: noted.firstPushAt,
    acceptedBy: [...noted.acceptedBy],
    pause: noted.pause,
  };
  await sendLater(ports, rest);
  return null;
}

const RUNNING: Committed = { kind: 'committed', state: 'running', campaignClosed: false };

/** One attempt at a chunk. Never throws: what is left open is sent later. */
async function tryChunk(
  ports: Ports,
  { campaign, chunks, wanted }: Message,
  { chunk: it, noted, stop }: { chunk: NewChunk; noted: Noted; stop: AbortSignal },
): Promise<Tried> {
  const { log, now } = ports;
  const claimedAt = now();
  const chunk = claimed(it);
  const outcomes = createOutcomes(chunk, now);
  const state = () =>
    ports.store.getCampaign(campaign.id).then((found) => found?.state ?? 'running');
  const how = await attempt({
    ports,
    chunk,
    campaign,
    recorder: {
      ...outcomes,
      // nothing is stored, but a pause or a cancel ends the attempt
      checkpoint: async () => ({ ...RUNNING, state: await state() }) as Committed,
    },
    claimedAt,
    keepsNames: true,
    stop,
    isOnly: chunks.length === 1,
    async notePush(_, at, acceptedBy) {
      noted.firstPushAt ??= at;
      if (acceptedBy) noted.acceptedBy.add(acceptedBy);
    },
    async pause(why) {
      noted.pause ??= why;
    },
  }).catch((error: unknown): Ended => {
    log.taskFailed({ task: `send/${chunk.id}`, attempt: 0, error });
    return ended({ next: now() });
  });
  if (how.kind === 'fenced') throw new Error(`message ${campaign.id} has no lease to lose`);
  const at = now();
  const commit: ChunkCommit = {
    chunkId: chunk.id,
    leaseId: newLease(at).id,
    ...outcomes.take(),
    ...(how.held && { held: how.held }),
    lease: {
      release: true,
      notBefore: how.next,
      stalled: outcomes.progress() || !how.tried ? 0 : 1,
    },
    dueAt: how.next,
    now: at,
  };
  const events = commit.failures.length > 0 ? chunkEvents(chunk, commit, wanted) : [];
  if (events.length > 0) commit.events = events;
  logCommit(log, chunk, commit, { ended: true, ms: at - claimedAt });
  return { commit, next: how.next };
}

/** The chunk as a claim would give it. */
const claimed = ({ dueAt: _, ...chunk }: NewChunk): Chunk => ({
  ...chunk,
  open: chunk.recipients.map((_, index) => index),
  inDoubt: [],
  attempt: 0,
  stalled: 0,
});

async function close(
  ports: Ports,
  { campaign, chunks, missing, denied, wanted }: Message,
  commits: ChunkCommit[],
  noted: Noted,
): Promise<ClosedMessage | null> {
  const isTold = wanted.size > 0;
  const sent: SentMessage = {
    campaign,
    chunks,
    commits,
    missing,
    denied,
    firstPushAt: noted.firstPushAt,
    acceptedBy: [...noted.acceptedBy],
    isTold,
    now: ports.now(),
  };
  const closed = await persist(() => ports.store.closeMessage(sent));
  if (!closed || !isClosed(closed.campaign.state)) {
    ports.log.chunkFenced({ chunkId: `${campaign.id}.0.0.0` });
    return null;
  }
  if (isTold) await announce(ports, campaign.id).catch(leaveToSweep(ports, campaign.id));
  return closed;
}
