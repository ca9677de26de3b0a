/** The tables of docs/operations.md: how long campaigns take on the simulated deployment. */

import type { Provider } from '../../../functions/model/provider/registry.ts';
import { queueNames } from '../../../functions/model/queues.ts';
import { type Simulated, simulate } from './campaign.ts';
import { readDeployed } from './deployed.ts';

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
}

/** Takes some seconds for a hundred million. */
export async function simulateAll(): Promise<ScaleRow[]> {
  const deployed = await readDeployed(queueNames);
  const rows: ScaleRow[] = [];
  for (const [recipients, provider] of campaigns) {
    const it = { recipients, provider, deployed };
    const cold = await simulate({ ...it, warm: 0 });
    const warm = await simulate({ ...it, warm: Number.POSITIVE_INFINITY });
    rows.push({ recipients, provider, cold, warm });
  }
  return rows;
}

export function durationTable(rows: ScaleRow[]): string {
  const cells = rows.map(({ recipients, provider, cold, warm }) => [
    `${recipients / MILLION} million by ${names[provider]}`,
    `${cold.firstPushSeconds.toFixed(1)} s`,
    `${warm.firstPushSeconds.toFixed(1)} s`,
    duration(cold.seconds),
    duration(warm.seconds),
    `${cold.planners} + ${cold.senders}`,
  ]);
  const head = [
    'campaign',
    'first push, cold',
    'first push, warm',
    'all sent, cold',
    'all sent, warm',
    'planners + senders',
  ];
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
