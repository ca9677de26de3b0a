/** What planning a campaign costs the embedded engine, with caps and without. Nothing is sent. */

import { type Cap, defaultPolicy } from '../../functions/model/app-policy.ts';
import { putAppPolicy } from '../../functions/pipeline/app-policy.ts';
import { plan } from '../../functions/pipeline/plan/plan.ts';
import { planShard } from '../../functions/pipeline/plan/shard.ts';
import type { Log, Ports, Store } from '../../functions/ports/ports.ts';
import { campaignOf } from '../contracts/store-fixture.ts';

/** Campaigns that are planned to warm up, and those that are measured: a device has up to five times by then. */
const [WARM, ROUNDS] = [2, 3];
const CAPS: Cap[] = [
  { max: 5, per: '24h' },
  { max: 20, per: '7d' },
];

export interface PlanningResult {
  /** of a campaign to all, the median; seconds of CPU time */
  planCpuSeconds: number;
  /** with two caps, that no device is over */
  cappedCpuSeconds: number;
}

export async function planning(store: Store): Promise<PlanningResult> {
  const ports: Ports = {
    store,
    log: new Proxy({} as Log, { get: () => () => {} }),
    now: Date.now,
    random: Math.random,
    queue: { create: async () => {}, waiting: async (tasks) => tasks.map(() => false) },
    events: { publish: async () => {} },
    senders: { apps: () => [], get: () => null },
  };
  const rounds = async (caps: Cap[]) => {
    await putAppPolicy(ports, { app: 'default', policy: { ...defaultPolicy, caps }, by: 'bench' });
    const took: number[] = [];
    for (let round = 0; round < WARM + ROUNDS; round++) took.push(await planned(ports));
    return took.slice(WARM).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
  };
  return { planCpuSeconds: await rounds([]), cappedCpuSeconds: await rounds(CAPS) };
}

/** Plans a campaign to all. Gives the seconds of CPU time that it took. */
async function planned(ports: Ports): Promise<number> {
  const campaign = campaignOf({ createdAt: ports.now() });
  const { id } = campaign;
  await ports.store.createCampaign(campaign, null, ports.now());
  const { signal } = new AbortController();
  const cpu = process.cpuUsage();
  await plan(ports, id, signal);
  for (const { index } of await ports.store.openShards(id))
    await planShard(ports, id, index, signal);
  const { user, system } = process.cpuUsage(cpu);
  return Math.round((user + system) / 1e3) / 1e3;
}
