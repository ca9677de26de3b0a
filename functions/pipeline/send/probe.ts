/**
 * probe: until a provider has accepted a push of a campaign, one process sends and the others wait. So a
 * revoked key or a faulty message has some tens of recipients refused, however many processes there are.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Campaign } from '../../model/campaign.ts';
import type { Chunk } from '../../model/chunk.ts';
import { FEW } from '../../model/tasks.ts';
import type { Ports } from '../../ports/ports.ts';
import { reasonOf } from './classify.ts';
import { wasTried } from './quiet.ts';
import type { Trial } from './trials.ts';

/** This process, among all that send for the deployment. */
const PROCESS = randomUUID();
/**
 * Milliseconds. A process without an accepted push by then is dead, or its provider silent: another
 * tries.
 */
const TRIAL_MS = 15_000;
/** Milliseconds that a claimed chunk waits for its turn before it is queued again. Less than its lease. */
const MAX_WAIT_MS = 10_000;
const POLL_MS = 250;

/**
 * Waits until this process may send. 'later': another process still tries the message, and the chunk has
 * to be queued again. 'waited': the turn came after some seconds, and the campaign may have been paused
 * or cancelled meanwhile. Throws when the store fails.
 */
export async function awaitTurn(
  { store, now }: Ports,
  { provider, recipients }: Chunk,
  { id, trials = {}, dryRun }: Campaign,
  trial: Trial,
  stop: AbortSignal,
  monotonic: () => number = () => performance.now(),
): Promise<'now' | 'waited' | 'later'> {
  const noted = trials[provider];
  if (noted && 'acceptedAt' in noted) trial.prove();
  // a small chunk risks no more than a probe does, and a push to one user must not wait
  if (trial.proven || dryRun || recipients.length <= FEW) return 'now';
  const deadline = monotonic() + MAX_WAIT_MS;
  for (let polls = 1; ; polls++) {
    const turn = await store.claimTrial({
      campaignId: id,
      provider,
      by: PROCESS,
      until: now() + TRIAL_MS,
      now: now(),
    });
    if (turn === 'accepted') trial.prove();
    if (turn !== 'other' || trial.proven) return polls > 1 ? 'waited' : 'now';
    if (stop.aborted || monotonic() >= deadline) return 'later';
    await wait(POLL_MS);
  }
}

/**
 * Why a campaign has to be paused after an attempt in which no push was accepted at this provider. Null:
 * other pushes may still show that the refusals are about single recipients. These are pushes of this
 * chunk (the provider was busy, or the worker had to end) or of other chunks. `only`: whether the campaign
 * has no other chunk; undefined: the store knows. Throws when the store fails.
 */
export async function refusedByAll(
  { store }: Ports,
  chunk: Chunk,
  trial: Trial,
  { blocked, untold }: { blocked: { reason: string; detail?: string }[]; untold: number },
  only?: boolean,
): Promise<string | null> {
  const [first] = blocked;
  if (!first || trial.proven || untold > 0) return null;
  const campaign = await store.getCampaign(chunk.campaignId);
  const noted = campaign?.trials?.[chunk.provider];
  if (noted && 'acceptedAt' in noted) trial.prove();
  if (trial.proven) return null;
  if (wasTried(chunk) || (only ?? (await isOnly(store, chunk, campaign)))) return reasonOf(first);
  return null;
}

async function isOnly(store: Ports['store'], chunk: Chunk, campaign: Campaign | null) {
  if (campaign?.shards !== 1) return false;
  const shard = await store.getShard(chunk.campaignId, chunk.shard);
  return shard?.planned === true && shard.chunks === 1;
}
