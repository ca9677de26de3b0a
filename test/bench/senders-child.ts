/**
 * One client in a process of its own. It is sent the work, warms up (connections, compiled code:
 * a handler's warm invocation is what is measured), says so, and on 'go' sends and measures itself.
 */

import { once } from 'node:events';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { type ClientName, clients, providerOf } from './senders-clients.ts';
import type { Setup } from './senders-work.ts';

export interface Work extends Setup {
  client: ClientName;
  pushes: number;
}

export type Report =
  | { kind: 'warm' }
  | { kind: 'sent'; seconds: number; cpuSeconds: number; failed: number; rssMb: number }
  | { kind: 'failed'; reason: string };

const WARM_UP = 30_000;

const say = (report: Report) => process.send?.(report);
process.on('disconnect', () => process.exit());

const [work] = (await once(process, 'message')) as [Work];
try {
  const tokens = (kind: string, n: number) =>
    Array.from({ length: n }, (_, i) => sampleToken(providerOf[work.client], `${kind} ${i}`));
  const client = await clients[work.client](work);
  const measured = tokens('measured', work.pushes);
  const failedBefore = await client.send(tokens('warm', WARM_UP));
  if (failedBefore > 0) throw new Error(`${failedBefore} of ${WARM_UP} failed while warming up`);

  const go = once(process, 'message');
  say({ kind: 'warm' });
  await go;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const failed = await client.send(measured);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rssMb = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  say({ kind: 'sent', seconds, cpuSeconds: (user + system) / 1e6, failed, rssMb });
  await client.close();
} catch (error) {
  say({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
}
