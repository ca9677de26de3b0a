/**
 * Opens of a campaign that was sent, each in a call of its own, at a constant rate from 1,000 addresses with a
 * registration key: the time from when each is due to its answer. One in ten is sent twice, and all are in
 * disorder.
 */

import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { watchCampaign } from '../../functions/cli/watch.ts';
import { hashKey, makeKey } from '../../functions/http/auth/authorize.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { NewKey } from '../../functions/http/keys.ts';
import { startEmulator } from '../../functions/local/google/emulators.ts';
import { chance } from '../http2/chance.ts';
import { createCloudWorld } from '../world/cloud.ts';
import { sample } from '../world/sample.ts';
import { startWorld } from '../world/world.ts';
import { progress } from './campaign.ts';

export interface ReceiptsResult {
  /** calls that were answered, of those measured */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** as the campaign says afterwards */
  counted: number;
  /** distinct receipts */
  sent: number;
}

interface Load {
  /** distinct receipts a second */
  rate: number;
  seconds: number;
}

const ADDRESSES = 1_000;
const CAMPAIGN = {
  name: 'Opened',
  audience: { everybody: true },
  message: { title: 'Spring is here', body: 'Half price until Sunday.' },
};

const installationsFor = ({ rate, seconds }: Load) => rate * (seconds + WARM_UP);
/** Seconds before what is measured: code is compiled, connections are opened. */
const WARM_UP = 3;

/** Without grouping: each receipt is stored, and on the disk, before its answer. */
export async function receipts({ rate = 1_000, seconds = 20 } = {}): Promise<ReceiptsResult> {
  const load = { rate, seconds };
  const installations = installationsFor(load);
  const world = await startWorld({ installations, pinned: true, trustedHops: 1, progress });
  try {
    const { id } = await world.client().post<CampaignView>('/v1/campaigns', CAMPAIGN);
    await watchCampaign(world.client(), id, process.stderr);
    const key = { name: 'in the app', scopes: ['register'], app: 'default' };
    const made = await world.client().post<NewKey>('/v1/keys', key);
    const before = await world.memory();
    const measured = await run({ url: world.url(), key: made.key, campaignId: id, ...load });
    const { cpuSeconds, peakRssMb } = await world.memory();
    const cpu = (cpuSeconds - before.cpuSeconds).toFixed(1);
    progress(`${cpu} s of CPU time for ${Math.round(installations * 1.1)} calls, ${peakRssMb} MB`);
    return { ...measured, counted: await countedBy(world.client(), id) };
  } finally {
    await world.close();
  }
}

/** The function `api` and its emulators on the same cores. */
export async function receiptsOnGoogle({ rate = 500, seconds = 10 } = {}): Promise<ReceiptsResult> {
  const load = { rate, seconds };
  const [firestore, pubsub] = await Promise.all([
    startEmulator('firestore'),
    startEmulator('pubsub'),
  ]);
  const emulators = { firestore: firestore.host, pubsub: pubsub.host };
  const world = await createCloudWorld({
    installations: installationsFor(load),
    emulators,
    progress,
  });
  try {
    const { id } = await world.client.post<CampaignView>('/v1/campaigns', CAMPAIGN);
    await watchCampaign(world.client, id, process.stderr);
    const key = makeKey();
    await world.store.putKey({
      hash: hashKey(key),
      name: 'in the app',
      scopes: ['register'],
      app: 'default',
    });
    const measured = await run({ url: world.cloud.url, key, campaignId: id, ...load });
    return { ...measured, counted: await countedBy(world.client, id) };
  } finally {
    await world.close();
    await Promise.all([firestore.stop(), pubsub.stop()]);
  }
}

const countedBy = async (client: { get<T>(path: string): Promise<T> }, id: string) =>
  (await client.get<CampaignView>(`/v1/campaigns/${id}`)).receipts?.opened ?? 0;

interface Run extends Load {
  url: string;
  key: string;
  campaignId: string;
}

async function run({ url, key, campaignId, rate, seconds }: Run) {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  /** a second, with those that are sent twice */
  const calls = 1.1 * rate;
  const at = new Date().toISOString();
  const send = async (n: number): Promise<void> => {
    const { id: installationId } = sample(n);
    const body = JSON.stringify({
      receipts: [{ installationId, campaignId, kind: 'opened', at }],
    });
    const sent = request(`${url}/v1/receipts`, {
      agent,
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${key}`,
        'X-Forwarded-For': `198.51.${(n % ADDRESSES) >> 8}.${n & 255}`,
      },
    }).end(body);
    const [response] = await once(sent, 'response');
    response.resume();
    await once(response, 'end');
    if (response.statusCode !== 202) throw new Error(`answered ${response.statusCode}`);
  };
  const part = async (from: number, count: number) => {
    const times: number[] = [];
    const begun = performance.now();
    const answers: Promise<void>[] = [];
    for (const [i, n] of inDisorder(from, count).entries()) {
      const due = begun + (i * 1000) / calls;
      const left = due - performance.now();
      if (left > 0) await wait(left);
      answers.push(send(n).then(() => void times.push(performance.now() - due)));
    }
    await Promise.all(answers);
    return { times: times.toSorted((a, b) => a - b), ms: performance.now() - begun };
  };
  try {
    const before = WARM_UP * rate;
    await part(0, before);
    const { times, ms } = await part(before, seconds * rate);
    const quantile = (share: number) =>
      Math.round(times[Math.ceil(times.length * share) - 1]! * 10) / 10;
    return {
      perSecond: Math.round((times.length * 10_000) / ms) / 10,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      sent: before + seconds * rate,
    };
  } finally {
    agent.destroy();
  }
}

/** The numbers from `from` on, one in ten of them twice, in an order that is the same in every run. */
function inDisorder(from: number, count: number): number[] {
  const random = chance(11);
  const all = Array.from({ length: count }, (_, i) => from + i);
  const doubled = [...all, ...all.filter((n) => n % 10 === 0)];
  for (let i = doubled.length - 1; i > 0; i--) {
    const other = random.upTo(i + 1);
    [doubled[i], doubled[other]] = [doubled[other]!, doubled[i]!];
  }
  return doubled;
}
