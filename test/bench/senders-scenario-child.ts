/**
 * Our sender in a process of its own, as it is deployed: nothing is loaded but the senders, and
 * recipients are there for as long as their chunk. It is sent its work, then again and again how many
 * pushes to send.
 */

import { once } from 'node:events';
import type { Provider } from '../../functions/model/provider/registry.ts';
import { volley } from './senders-volley.ts';
import type { Setup } from './senders-work.ts';

export interface ScenarioWork extends Setup {
  provider: Provider;
  chunksAtOnce: number;
}

export interface ScenarioReport {
  seconds: number;
  cpuSeconds: number;
  failed: number;
  /** the most so far */
  rssMb: number;
}

/** Valid, each another one, and next to nothing to make: what is measured is the sending. */
const tokenOf: Record<Provider, (i: number) => string> = {
  apns: (i) => (i + 1).toString(16).padStart(64, '0'),
  fcm: (i) => `${i.toString(36).padStart(22, '0')}:APA91b${'x'.repeat(134)}`,
};

process.on('disconnect', () => process.exit());

const [work] = (await once(process, 'message')) as [ScenarioWork];
const { send } = volley(work.provider, work, work);
process.on('message', async (count: number) => {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const failed = await send(count, tokenOf[work.provider]);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rssMb = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  process.send?.({
    seconds,
    cpuSeconds: (user + system) / 1e6,
    failed,
    rssMb,
  } satisfies ScenarioReport);
});
