/**
 * send: claim a chunk, send what is open in it on warm connections, learn an outcome for each
 * recipient, record it, and hand on what is left.
 *
 * Every way out of here leaves each recipient in exactly one place: settled by a commit that the
 * lease fenced, or open in the chunk for another attempt.
 */

import { type Campaign, type Counts, toOf } from '../../model/campaign.ts';
import type { Chunk, SendableChunk } from '../../model/chunk.ts';
import { sendable, sendTask, whyAgain, whyEarly, whyLeased } from '../../model/tasks.ts';
import { backoff, UNPROVEN_WAIT_MS } from '../../model/timing.ts';
import type { Claim, Ports, Push, Sender, TaskAnswer } from '../../ports/ports.ts';
import { announce } from '../complete.ts';
import { pause } from '../control/control.ts';
import { createWatch } from './classify.ts';
import { brakes, isSummedUp } from './failure-guard.ts';
import { awaitTurn, refusedByAll } from './probe.ts';
import { createRecorder, newLease, type Recorder } from './record.ts';
import { transmit } from './transmit.ts';
import { trialOf } from './trials.ts';

const DONE: TaskAnswer = { kind: 'done' };

/** `stop` fires when the worker must end: no further push is started, the rest is handed on. */
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

  if (campaign.state === 'cancelling') {
    for (const index of recorder.open()) recorder.skip(index);
    return settle(ports, chunk, campaign, recorder, claimedAt);
  }
  if (claimedAt >= chunk.expiresAt) {
    for (const index of recorder.open())
      recorder.fail(index, { outcome: 'retry', reason: 'Expired' });
    return settle(ports, chunk, campaign, recorder, claimedAt);
  }
  const sender = ports.senders.get(chunk.app, it.provider, chunk.environment);
  if (!sender) {
    await pause(ports, campaign.id, `app "${chunk.app}" has no credentials for ${it.provider}`);
    return settle(ports, chunk, campaign, recorder, claimedAt);
  }
  return attempt(ports, sender, chunk, campaign, recorder, claimedAt, stop);
}

/** Somebody else has it, or its time has not come: look again then. */
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

async function attempt(
  ports: Ports,
  sender: Sender,
  chunk: Chunk,
  campaign: Campaign,
  recorder: Recorder,
  claimedAt: number,
  stop: AbortSignal,
): Promise<TaskAnswer> {
  const { now, random, queue, log, store } = ports;
  const trial = trialOf(store, campaign.id, chunk.provider);
  const turn = await awaitTurn(ports, chunk, campaign, trial, stop);
  if (turn === 'later') {
    const next = now() + UNPROVEN_WAIT_MS;
    const answer = await settle(ports, chunk, campaign, recorder, next);
    await queue.create([sendTask(sendable(chunk), whyAgain(chunk.attempt + 1), next)]);
    return answer;
  }
  const watch = createWatch(trial);
  const push: Push = {
    campaignId: campaign.id,
    message: campaign.message,
    expiresAt: chunk.expiresAt,
    dryRun: campaign.dryRun,
    to: toOf(campaign),
  };
  let ended: Awaited<ReturnType<typeof transmit>>;
  let verdict: Awaited<ReturnType<typeof pauseIfNeeded>>;
  try {
    ended = await transmit({
      ...{ ports, sender, push, chunk, recorder, trial, watch, claimedAt, stop },
      isFirst: campaign.firstPushAt === null && !campaign.dryRun,
      waited: turn === 'waited',
    });
    if (ended.fenced) {
      log.chunkFenced({ chunkId: chunk.id });
      return DONE;
    }
    verdict = await pauseIfNeeded(ports, chunk, async () => {
      return watch.blocked() ?? (await refusedByAll(ports, chunk, trial, ended));
    });
    if (verdict === 'paused') trial.startAgain();
  } finally {
    // not before the pause: a chunk that begins now is refused by its claim. But also if it failed, or
    // there would be no room any more, and no answer that makes some
    if (watch.blocked() !== null) trial.startAgain();
  }
  const paused = verdict === 'paused';

  const cancelled = ended.state === 'cancelling';
  const progress = recorder.progress();
  const waitMs = Math.max(
    watch.waitMs(progress),
    backoff(progress ? 0 : chunk.stalled, random),
    ended.blocked.length > 0 && !trial.proven ? UNPROVEN_WAIT_MS : 0,
  );
  // who resumes it does not wait for what is left of a backoff
  const next = stop.aborted || paused ? now() : now() + Math.ceil(waitMs);
  const exhausted = cancelled || next >= chunk.expiresAt;
  // paused by another chunk, it may share the cause
  const isPaused = paused || ended.state === 'paused';
  ended.judgeRest({ exhausted, paused: isPaused, unsure: verdict === 'failed' });
  if (cancelled) for (const index of recorder.open()) recorder.skip(index);
  const answer = await settle(ports, chunk, campaign, recorder, next);
  if (recorder.open().length === 0 || paused) return answer;
  await queue.create([sendTask(sendable(chunk), whyAgain(chunk.attempt + 1), next)]);
  return watch.everybodyWaits() && !stop.aborted
    ? { kind: 'again', afterMs: next - now(), reason: 'the provider asks everybody to wait' }
    : answer;
}

/** Never throws: what was learnt of the pushes has to be written down, or they are sent again. */
async function pauseIfNeeded(
  ports: Ports,
  { campaignId }: Chunk,
  reason: () => Promise<string | null>,
): Promise<'paused' | 'failed' | null> {
  try {
    const why = await reason();
    if (why !== null) await pause(ports, campaignId, why);
    return why === null ? null : 'paused';
  } catch (error) {
    ports.log.unexpected({ where: 'pausing', error });
    return 'failed';
  }
}

/** The last commit of an attempt; tells the world if it closed the campaign. */
async function settle(
  ports: Ports,
  chunk: Chunk,
  campaign: Campaign,
  recorder: Recorder,
  notBefore: number,
): Promise<TaskAnswer> {
  const committed = await recorder.release(notBefore);
  if (committed.kind === 'fenced') ports.log.chunkFenced({ chunkId: chunk.id });
  else if (committed.campaignClosed) await announce(ports, chunk.campaignId);
  else if (committed.shard) await brake(ports, campaign, chunk, committed.shard);
  return DONE;
}

async function brake(ports: Ports, campaign: Campaign, { recipients }: Chunk, shard: Counts) {
  const summed = isSummedUp(campaign, shard, recipients.length, ports.random);
  const why = brakes(campaign, summed ? await ports.store.counts(campaign.id) : shard);
  if (why !== null) await pause(ports, campaign.id, why);
}
