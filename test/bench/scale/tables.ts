/** The tables of docs/operations.md: how long campaigns take on the simulated deployment. */

import type { Provider } from '../../../functions/model/provider/registry.ts';
import { queueNames } from '../../../functions/model/queues.ts';
import { type Simulated, simulate } from './campaign.ts';
import { readDeployed } from './deployed.ts';
import { computeUsd, type LargerRow, simulateLarger, warmUsdAnHour } from './larger.ts';

const MILLION = 1_000_000;
const campaigns: readonly [recipients: number, provider: Provider][] = [
  [MILLION, 'apns'],
  [MILLION, 'fcm'],
  [10 * MILLION, 'apns'],
  [10 * MILLION, 'fcm'],
  [100 * MILLION, 'apns'],
  [100 * MILLION, 'fcm'],
];
const names: Record<Provider, string> = { apns: 'APNs', fcm: 'FCM' };

export interface ScaleRow {
  recipients: number;
  provider: Provider;
  /** no instance is there when the campaign is accepted */
  cold: Simulated;
  /** all are, with open connections */
  warm: Simulated;
  /** cold, and the registry has no pages yet */
  first: Simulated;
}

/** Takes some seconds for a hundred million. */
export async function simulateAll(): Promise<{ usual: ScaleRow[]; larger: LargerRow[] }> {
  const deployed = await readDeployed(queueNames);
  const rows: ScaleRow[] = [];
  for (const [recipients, provider] of campaigns) {
    const it = { recipients, provider, deployed, warm: 0, hasPages: true };
    const cold = await simulate(it);
    const warm = await simulate({ ...it, warm: Number.POSITIVE_INFINITY });
    const first = await simulate({ ...it, hasPages: false });
    rows.push({ recipients, provider, cold, warm, first });
  }
  return { usual: rows, larger: await simulateLarger(deployed) };
}

export function durationTable(rows: ScaleRow[]): string {
  const cells = rows.map(({ recipients, provider, cold, warm, first }) => [
    `${recipients / MILLION} million by ${names[provider]}`,
    `${cold.firstPushSeconds.toFixed(1)} s`,
    `${warm.firstPushSeconds.toFixed(1)} s`,
    duration(cold.seconds),
    duration(warm.seconds),
    duration(first.seconds),
    `${cold.planners} + ${cold.senders}`,
  ]);
  const head = [
    'campaign',
    'first push, cold',
    'first push, warm',
    'all sent, cold',
    'all sent, warm',
    'without pages, cold',
    'planners + senders',
  ];
  return table(head, cells);
}

export function largerTable(rows: LargerRow[]): string {
  const cells = rows.map(({ goal, deployed, cold, warm }) => {
    const { queues, services } = deployed;
    const [shard, send] = [queues.shard, queues['send-apns']];
    return [
      goal,
      `\`shard\` ${shard.perSecond} a second, ${shard.concurrent}; \`send-apns\` ${send.perSecond}, ${send.concurrent}`,
      `\`plan\` ${services.plan!.instances}, \`send-apns\` ${services['send-apns']!.instances}`,
      duration(warm.seconds),
      duration(cold.seconds),
      `$${computeUsd(warm).toFixed(3)}`,
      `$${warmUsdAnHour(deployed).toFixed(2)}`,
    ];
  });
  const head = [
    'goal',
    'queues: rate and concurrent',
    'instances',
    'all sent, warm',
    'all sent, cold',
    'instances, a campaign',
    'kept warm, an hour',
  ];
  return table(head, cells);
}

function table(head: string[], cells: string[][]): string {
  const line = (row: string[]) => `| ${row.join(' | ')} |`;
  return [line(head), `| --- |${' --: |'.repeat(head.length - 1)}`, ...cells.map(line)].join('\n');
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
