/** What to change in `infra/` for larger campaigns, how long they take then, and what that costs. */

import { prices } from '../../../functions/model/cost/prices.ts';
import { type Simulated, simulate } from './campaign.ts';
import type { Deployed } from './deployed.ts';

export interface Change {
  goal: string;
  recipients: number;
  /** within which all are sent if the instances are kept warm */
  warmSeconds: number;
  /** numbers of `queues.tf`, then of `functions.tf` */
  apply(deployed: Deployed): void;
}

const MILLION = 1_000_000;

export const changes: readonly Change[] = [
  {
    goal: '5 million by APNs in 10 seconds',
    recipients: 5 * MILLION,
    warmSeconds: 10,
    apply({ queues, services }) {
      // all 64 shards at a time
      queues.shard = { perSecond: 100, concurrent: 64 };
      services.plan!.instances = 26;
      queues['send-apns'] = { perSecond: 500, concurrent: 264 };
      services['send-apns']!.instances = 24;
    },
  },
  {
    goal: '100 million by APNs in 5 minutes',
    recipients: 100 * MILLION,
    warmSeconds: 300,
    apply({ queues, services }) {
      queues.shard = { perSecond: 50, concurrent: 72 };
      services.plan!.instances = 24;
      queues['send-apns'] = { perSecond: 300, concurrent: 224 };
      services['send-apns']!.instances = 20;
    },
  },
];

export interface LargerRow extends Change {
  deployed: Deployed;
  cold: Simulated;
  warm: Simulated;
}

export async function simulateLarger(deployed: Deployed): Promise<LargerRow[]> {
  const rows: LargerRow[] = [];
  for (const change of changes) {
    const changed = structuredClone(deployed);
    change.apply(changed);
    const it = {
      recipients: change.recipients,
      provider: 'apns',
      hasPages: true,
      deployed: changed,
    } as const;
    const cold = await simulate({ ...it, warm: 0 });
    const warm = await simulate({ ...it, warm: Number.POSITIVE_INFINITY });
    rows.push({ ...change, deployed: changed, cold, warm });
  }
  return rows;
}

/** US dollars for the instances of planners and senders while they work. Memory: 512 MiB each. */
export function computeUsd({ planSeconds, sendSeconds }: Simulated): number {
  const { cpu, memory } = prices;
  return (planSeconds + sendSeconds) * (cpu.usd + memory.usd / 2);
}

/** US dollars an hour for keeping all planners and senders there, without work. */
export function warmUsdAnHour({ services }: Deployed): number {
  const instances = services.plan!.instances + services['send-apns']!.instances;
  return instances * 3_600 * (prices.idleCpu.usd + prices.memory.usd / 2);
}
