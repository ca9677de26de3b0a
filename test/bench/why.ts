/**
 * Why a device did, or did not, get a campaign: the time of the call at N recipients on the embedded
 * engine, and the reads at a million on the Google engine.
 */

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { WhyView } from '../../functions/http/campaigns/why-view.ts';
import { startEmulator } from '../../functions/local/google/emulators.ts';
import { createFirestoreStore } from '../../functions/store/firestore.ts';
import { atNow, chance, NOW } from '../contracts/store-fixture.ts';
import { takeCosts, total } from '../store/firestore/costs.ts';
import { namesInShard, sentToMillion } from '../store/firestore/million.ts';
import { startProxy } from '../store/firestore/proxy.ts';
import { startWorld, type World } from '../world/world.ts';
import { progress, request } from './campaign.ts';

export interface WhyResult {
  recipients: number;
  lookups: number;
  p50Ms: number;
  p99Ms: number;
  mostMs: number;
  /** by the state that was answered */
  states: Record<string, number>;
  /** documents of Firestore for one lookup at a million recipients; null: the emulator is not there */
  reads: { average: number; most: number } | null;
}

const [WARM_UP, LOOKUPS] = [200, 2_000];
/** Registered after the campaign: one lookup in ten is of one of them. */
const LATER = 50;

export async function why({ recipients }: { recipients: number }): Promise<WhyResult> {
  const settings = { deadShare: 0.03 };
  const world = await startWorld({ installations: recipients, settings, pinned: true, progress });
  try {
    const { id } = await world.client().post<CampaignView>('/v1/campaigns', request);
    await watchCampaign(world.client(), id, process.stderr);
    for (let n = 0; n < LATER; n++)
      await world.client().put(`/v1/installations/later-${n}`, {
        platform: 'android',
        token: `later-${n}`,
      });
    const measured = await measure(world, id, recipients);
    return { recipients, ...measured, reads: await readsOnGoogle() };
  } finally {
    await world.close();
  }
}

async function measure(world: World, campaignId: string, recipients: number) {
  const { below } = chance(18);
  const states: Record<string, number> = {};
  const times: number[] = [];
  for (let n = 0; n < WARM_UP + LOOKUPS; n++) {
    const device = n % 10 === 0 ? `later-${below(LATER)}` : `installation-${below(recipients)}`;
    const begun = performance.now();
    const { state } = await get<WhyView>(world, `/v1/campaigns/${campaignId}/recipients/${device}`);
    if (n < WARM_UP) continue;
    times.push(performance.now() - begun);
    states[state] = (states[state] ?? 0) + 1;
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.floor(share * times.length)]! * 100) / 100;
  return { lookups: LOOKUPS, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(0.9999), states };
}

/** On one connection, as a console has it. */
async function get<T>(world: World, path: string): Promise<T> {
  const asked = httpRequest(`${world.url()}${path}`, {
    headers: { Authorization: `Bearer ${world.apiKey()}` },
  }).end();
  const [response] = await once(asked, 'response');
  const text = (await response.setEncoding('utf8').toArray()).join('');
  if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}: ${text}`);
  return JSON.parse(text);
}

const DEVICES = 300;

/** The documents that a lookup reads. */
async function readsOnGoogle(): Promise<WhyResult['reads']> {
  const emulator = await startEmulator('firestore').catch((error: Error) => error);
  if (emulator instanceof Error) {
    progress(`without the Google engine: ${emulator.message}`);
    return null;
  }
  const proxy = await startProxy(emulator.host);
  const store = createFirestoreStore({ project: 'volley-why', emulator: proxy.host, now: atNow });
  try {
    const ids = namesInShard();
    progress('a shard of a million recipients on the Google engine');
    const campaign = await sentToMillion(store, ids, { createdAt: NOW });
    const { below } = chance(18);
    const nothing = { token: null, userId: null, listedBy: null };
    const counts: number[] = [];
    for (let n = 0; n < DEVICES; n++) {
      takeCosts(proxy);
      const installationId = ids[below(ids.length)]!;
      const { recipients } = await store.findRecipient(campaign, { installationId, ...nothing });
      if (recipients.length !== 1) throw new Error(`${installationId} is not found`);
      counts.push(total(takeCosts(proxy).reads));
    }
    const sum = counts.reduce((all, it) => all + it, 0);
    return { average: Math.round((10 * sum) / DEVICES) / 10, most: Math.max(...counts) };
  } finally {
    await store.close();
    await proxy.stop();
    await emulator.stop();
  }
}
