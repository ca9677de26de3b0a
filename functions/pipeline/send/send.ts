/**
 * send: claim a chunk, send what is open in it on warm connections, learn an outcome for each
 * recipient, record it, and hand on what is left.
 *
 * Every way out of here leaves each recipient in exactly one place: settled by a commit that the
 * lease fenced, or open in the chunk for another attempt.
 */

import type { Campaign } from '../../model/campaign.ts';
import type { Chunk, SendableChunk } from '../../model/chunk.ts';
import { sendable, sendTask, whyAgain, whyEarly, whyLeased } from '../../model/tasks.ts';
import type { Claim, Ports, TaskAnswer } from '../../ports/ports.ts';
import { announce } from '../complete.ts';
import { pause } from '../control/control.ts';
import { attempt, type Ended } from './attempt.ts';
import { guardReason, isSummedUp, isSuspect } from './failure-guard.ts';
import { createRecorder, newLease, type Recorder } from './record.ts';

const DONE: TaskAnswer = { kind: 'done' };

/**
 * Sends what is open in a chunk, unless another worker has it or its time has not come. `stop` fires
 * when the worker must end: no further push starts, and what is left is queued again.
 */
export async function sendChunk(
  ports: Ports,
  it: SendableChunk,
  stop: AbortSignal,
): Promise<TaskAnswer> {
  const claimedAt = ports.now();
  const lease = newLease(claimedAt);
  const claim = await ports.store.claimChunk(it.chunkId, lease, claimedAt);
  if (claim.kind !== 'claimed') return notNow(ports, it, claim);
  const { chunk, campaign } = claim;
  const recorder = createRecorder(ports, chunk, lease);
  const ended = await attempt({
    ports,
    chunk,
    campaign,
    recorder,
    claimedAt,
    stop,
    notePush: (...note) => ports.store.notePush(...note),
    pause: async (why) => void (await pause(ports, campaign.id, why)),
  });
  if (ended.kind === 'fenced') {
    ports.log.chunkFenced({ chunkId: chunk.id });
    return DONE;
  }
  const { next, asksToWait } = ended;
  await settle(ports, { chunk, campaign, recorder }, ended);
  if (recorder.open().length === 0 || ended.paused) return DONE;
  await ports.queue.create([sendTask(sendable(chunk), whyAgain(chunk.attempt + 1), next)]);
  if (asksToWait === null) return DONE;
  const afterMs = asksToWait - ports.now();
  return { kind: 'again', afterMs, reason: 'the provider asks everybody to wait' };
}

/** Another worker has it, or its time has not come: queued again for that time. */
async function notNow(
  { queue }: Ports,
  chunk: SendableChunk,
  claim: Exclude<Claim, { kind: 'claimed' }>,
): Promise<TaskAnswer> {
  if (claim.kind === 'leased')
    await queue.create([sendTask(chunk, whyLeased(claim.until), claim.until)]);
  if (claim.kind === 'early')
    await queue.create([sendTask(chunk, whyEarly(claim.notBefore), claim.notBefore)]);
  return DONE;
}

interface Attempted {
  chunk: Chunk;
  campaign: Campaign;
  recorder: Recorder;
}

/**
 * The last commit of an attempt. Announces the campaign's close, or asks the failure guard, which does not
 * wait for recipients that are held.
 */
async function settle(
  ports: Ports,
  it: Attempted,
  { next, waits, ...ended }: Extract<Ended, { kind: 'ended' }>,
) {
  const { chunk, recorder } = it;
  const committed = await recorder.release(next, ended);
  if (committed.kind === 'fenced') ports.log.chunkFenced({ chunkId: chunk.id });
  else if (committed.campaignClosed) await announce(ports, chunk.campaignId);
  else if (waits || recorder.open().length === 0) await guard(ports, it);
}

/** Pauses a campaign that fails more than it should, by its shard's counts or by all of them. */
async function guard(ports: Ports, { campaign, chunk, recorder }: Attempted) {
  const { store, random } = ports;
  if (!isSuspect(campaign, recorder.answered())) return;
  const shard = await store.getShard(campaign.id, chunk.shard);
  if (!shard) return;
  const summed = isSummedUp(campaign, shard.counts, chunk.recipients.length, random);
  const why = guardReason(campaign, summed ? await store.counts(campaign.id) : shard.counts);
  if (why !== null) await pause(ports, campaign.id, why);
}
