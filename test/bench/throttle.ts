/**
 * A provider in another process that lets so many requests through a second, and refuses what is
 * beyond: how much of its limit a campaign uses, from its first push to its closed ledger.
 */

import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { SimulatorSettings } from '../../functions/simulators/simulator.ts';
import { startWorld, type World } from '../world/world.ts';
import { progress, request } from './campaign.ts';

const RECIPIENTS = 10_000;
const LIMIT = 1_000;
const BURST = 100;
const LATENCIES = [0, 80] as const;

export interface ThrottleResult {
  limit: number;
  /** each the worst of 503 and 429, with and without a Retry-After of a second */
  perSecondAt0ms: number;
  perSecondAt80ms: number;
}

/** Throws if a ledger does not close over every recipient, or if a push is lost or doubled. */
export async function throttle(): Promise<ThrottleResult> {
  // half of them have Android
  const world = await startWorld({ installations: 2 * RECIPIENTS, pinned: true, progress });
  try {
    const worst = { 0: Number.POSITIVE_INFINITY, 80: Number.POSITIVE_INFINITY };
    for (const latencyMs of LATENCIES)
      for (const status of [503, 429] as const)
        for (const retryAfterSeconds of [null, 1]) {
          const limit = { perSecond: LIMIT, burst: BURST, status, retryAfterSeconds };
          const perSecond = await send(world, { latencyMs, limit });
          const after =
            retryAfterSeconds === null ? 'no Retry-After' : `Retry-After ${retryAfterSeconds}`;
          progress(`${latencyMs} ms, ${status}, ${after}: ${perSecond} a second`);
          worst[latencyMs] = Math.min(worst[latencyMs], perSecond);
        }
    return { limit: LIMIT, perSecondAt0ms: worst[0], perSecondAt80ms: worst[80] };
  } finally {
    await world.close();
  }
}

async function send(world: World, settings: Partial<SimulatorSettings>): Promise<number> {
  await world.reset();
  await world.set(settings);
  const { id } = await world
    .client()
    .post<CampaignView>('/v1/campaigns', { ...request, audience: { platform: 'android' } });
  const done = await watchCampaign(world.client(), id, null, { pollMs: 100 });
  const wire = await world.wire();
  const { recipients, accepted } = done.counts;
  if (recipients !== RECIPIENTS || accepted !== RECIPIENTS || wire.distinct !== RECIPIENTS)
    throw new Error(`lost: ${JSON.stringify({ counts: done.counts, wire })}`);
  if (wire.duplicates > 0) throw new Error(`doubled: ${JSON.stringify(wire)}`);
  const seconds = (Date.parse(done.closedAt!) - wire.firstAcceptedAt) / 1000;
  return Math.round(RECIPIENTS / seconds);
}
