/** The numbers of `infra/`, read from `gcloud.sh`; `test/infra/` compares it with the Terraform. */

import { readFile } from 'node:fs/promises';
import type { QueueName } from '../../../functions/model/queues.ts';

export interface QueueRate {
  /** dispatches a second */
  perSecond: number;
  concurrent: number;
}

export interface ServiceSize {
  /** requests that an instance has at a time */
  concurrency: number;
  /** at most */
  instances: number;
}

export interface Deployed {
  queues: Record<QueueName, QueueRate>;
  services: Record<string, ServiceSize>;
}

const QUEUE = /^queue (\S+) (?:"\$\{\w+:-)?([\d.]+)\}?"? (\d+) /gm;
const SERVICE = /^deploy (\S+) \S+ \d+Mi (\d+) (\d+) /gm;

/** Throws if the script does not have one of the queues that the code has. */
export async function readDeployed(names: readonly QueueName[]): Promise<Deployed> {
  const script = await readFile(new URL('../../../infra/gcloud.sh', import.meta.url), 'utf8');
  const found = new Map<string, QueueRate>();
  for (const [, name, rate, concurrent] of script.matchAll(QUEUE))
    found.set(name!, { perSecond: Number(rate), concurrent: Number(concurrent) });
  const services: Deployed['services'] = {};
  for (const [, name, concurrency, instances] of script.matchAll(SERVICE))
    services[name!] = { concurrency: Number(concurrency), instances: Number(instances) };
  const rateOf = (name: QueueName): QueueRate => {
    const rate = found.get(name);
    if (rate === undefined) throw new Error(`infra/gcloud.sh has no queue "${name}"`);
    return rate;
  };
  const queues = Object.fromEntries(names.map((it) => [it, rateOf(it)]));
  return { queues: queues as Deployed['queues'], services };
}
