/** pause, resume and cancel under load: how long until nothing more arrives at the providers. */

import { setTimeout as wait } from 'node:timers/promises';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { startWorld, type World } from '../world/world.ts';
import { progress, request } from './campaign.ts';

export interface ControlResult {
  /** from the request to the last push that a provider accepted; the larger of the rounds */
  pauseMs: number;
  cancelMs: number;
  /** from the request to the first push that a provider accepted after it */
  resumeMs: number;
  duplicates: number;
  /** accepted by us, never seen by a provider */
  lost: number;
  ledgerClosed: boolean;
  rounds: number;
}

/** How often the providers are asked; a figure is at most so much too large. */
const LOOK_EVERY_MS = 10;
/** Nothing arrived for so long: it has stopped. */
const QUIET_MS = 4_000;
const DEADLINE_MS = 60_000;
/** Chunks take seconds at that, so that a pause finds them in the middle. */
const LATENCY_MS = 150;

export async function control({
  recipients,
  rounds,
}: {
  recipients: number;
  rounds: number;
}): Promise<ControlResult> {
  const settings = { latencyMs: LATENCY_MS };
  const world = await startWorld({ installations: recipients, settings, pinned: true, progress });
  const client = world.client();
  const post = (id: string, verb: string) =>
    client.post<CampaignView>(`/v1/campaigns/${id}/${verb}`);
  try {
    const { id } = await client.post<CampaignView>('/v1/campaigns', request);
    await until(world, (accepted) => accepted > 0);
    let pauseMs = 0;
    let resumeMs = 0;
    for (let round = 0; round < rounds; round++) {
      // not always at the same moment of a checkpoint
      await wait(700 + 370 * round);
      pauseMs = Math.max(pauseMs, await quietAfter(world, () => post(id, 'pause')));
      const before = (await world.wire()).accepted;
      const asked = performance.now();
      await post(id, 'resume');
      await until(world, (accepted) => accepted > before);
      resumeMs = Math.max(resumeMs, performance.now() - asked);
      progress(`round ${round + 1}: ${before.toLocaleString('en-US')} accepted so far`);
    }
    await wait(1_000);
    const cancelMs = await quietAfter(world, () => post(id, 'cancel'));
    const { state, counts } = await watchCampaign(client, id, null);
    const wire = await world.wire();
    if (state !== 'cancelled' || counts.skipped === 0)
      throw new Error(`it was over before it was cancelled (${state}): more --recipients`);
    const { accepted, failed, skipped } = counts;
    return {
      pauseMs: Math.round(pauseMs),
      cancelMs: Math.round(cancelMs),
      resumeMs: Math.round(resumeMs),
      duplicates: wire.duplicates,
      lost: Math.max(0, accepted - wire.distinct),
      ledgerClosed: counts.recipients === recipients && recipients === accepted + failed + skipped,
      rounds,
    };
  } finally {
    await world.close();
  }
}

/** Milliseconds from the request to the last push. */
async function quietAfter(world: World, act: () => Promise<unknown>): Promise<number> {
  const asked = performance.now();
  const acted = act();
  let last = asked;
  let { accepted } = await world.wire();
  while (performance.now() - last < QUIET_MS) {
    await wait(LOOK_EVERY_MS);
    const now = await world.wire();
    if (now.accepted > accepted) last = performance.now();
    accepted = now.accepted;
    if (last - asked > DEADLINE_MS) throw new Error('it does not stop');
  }
  await acted;
  return last - asked;
}

async function until(world: World, condition: (accepted: number) => boolean) {
  const deadline = performance.now() + DEADLINE_MS;
  while (!condition((await world.wire()).accepted)) {
    if (performance.now() > deadline) throw new Error('nothing arrives');
    await wait(LOOK_EVERY_MS);
  }
}
