/**
 * wake: gets planners and senders ready when a campaign is accepted, or half a minute before its time. A
 * function that scales to zero needs seconds for its start, a connection three ways to the provider and
 * back.
 *
 * A task without work is all that wakes a function. Each wakes a process at most; where one is awake
 * already it costs a request. Waking is a courtesy: nothing waits for it for long, and no failure of it
 * is a failure of the campaign.
 */

import { endsWithin } from '../lib/deadline.ts';
import { namesPeople } from '../model/audience/names.ts';
import { type Campaign, type Target, targetOf } from '../model/campaign.ts';
import {
  descriptionOf,
  type Provider,
  providerOfTarget,
  providers,
  serves,
} from '../model/provider/registry.ts';
import { CHUNK_SIZE, shardsFor } from '../model/sizes.ts';
import { wakeTask } from '../model/tasks.ts';
import { QUEUE_HORIZON_MS } from '../model/timing.ts';
import type { Ports } from '../ports/ports.ts';
import { sizeOf } from './audience/pages.ts';

/** Milliseconds before its time that the senders of a scheduled campaign are woken. */
const AHEAD_MS = 30 * 1000;
/**
 * Tasks for a function, at most: what a provider's queue for few recipients, and the queue of shards, hand
 * out at a time (infra/queues.tf).
 */
export const MOST_WOKEN = 16;
/** Milliseconds that the size of an audience is waited for. A store that needs longer has a large one. */
export const SIZE_MS = 300;
/** Milliseconds that an acceptance waits for the tasks. */
const QUEUED_MS = 1_000;
/** Milliseconds for a token and a connection. */
const READY_MS = 10_000;

/**
 * Wakes the functions that will plan and send a campaign: now, or ahead of its time. Called again in the
 * same minute it queues nothing. Takes about a second at most, and never rejects. Does nothing where the
 * process that sends is always there.
 */
export async function wakeSenders(
  ports: Ports,
  campaign: Campaign,
  begin = campaign.schedule?.at ?? 0,
): Promise<void> {
  if (ports.scalesToZero !== true) return;
  const waking = queueWakes(ports, campaign, begin).catch((error) =>
    ports.log.unexpected({ where: 'waking senders', error }),
  );
  await endsWithin(waking, SIZE_MS + QUEUED_MS);
}

async function queueWakes(ports: Ports, campaign: Campaign, begin: number): Promise<void> {
  const { queue, now } = ports;
  const { app } = campaign;
  const at = Math.max(now(), begin - AHEAD_MS);
  // its plan comes early, and wakes them then
  if (at - now() > QUEUE_HORIZON_MS) return;
  const needed = neededBy(ports, campaign);
  const size = await sizeIn(ports, campaign);
  await queue.create(
    [...needed, null].flatMap((it) =>
      Array.from({ length: wakesFor(it, size) }, (_, index) => wakeTask(app, it, index, at)),
    ),
  );
}

/**
 * Gets the senders of this process ready, if it has any, while it plans a campaign. Takes ten seconds at
 * most, and never rejects.
 */
export async function warmSenders(ports: Ports, campaign: Campaign): Promise<void> {
  const needed = neededBy(ports, campaign);
  await Promise.all(needed.map((it) => warmSender(ports, campaign.app, it)));
}

/** Gets a sender of this process ready: what a wake is for. Bounded as `warmSenders` is. */
export async function warmSender(
  { senders, log }: Pick<Ports, 'senders' | 'log'>,
  app: string,
  provider: Provider,
): Promise<void> {
  const ready = senders.get(app, provider, 'production')?.warm() ?? Promise.resolve();
  await endsWithin(
    ready.catch((error) => log.unexpected({ where: 'waking a sender', error })),
    READY_MS,
  );
}

/** The providers that serve the audience and for which the app has credentials, as far as is known here. */
function neededBy({ senders }: Ports, campaign: Campaign): Provider[] {
  const target = targetOf(campaign);
  const asked = providers.filter((it) => mayServe(it, target));
  const known = asked.filter((it) => senders.get(campaign.app, it, 'production') !== null);
  // a planner has no credentials: all are woken, and one without them ends immediately
  return known.length > 0 ? known : asked;
}

function mayServe(provider: Provider, target: Target): boolean {
  if ('value' in target) return provider === providerOfTarget(target.kind);
  const { platform } = target.audience;
  return platform === undefined || [platform].flat().some((it) => serves(provider, it));
}

/**
 * One for each chunk that can be sent in the first second, so that the platform starts the instances that
 * those chunks would need; for planners (null) one for each shard. `size`: the whole audience, the most
 * that one provider can get.
 */
export function wakesFor(provider: Provider | null, size: number): number {
  if (provider === null) {
    const shards = shardsFor(size);
    // a single one is planned by the task of the plan
    return shards === 1 ? 0 : Math.min(MOST_WOKEN, shards);
  }
  const first = Math.min(size, descriptionOf(provider).perSecond);
  return Math.max(1, Math.min(MOST_WOKEN, Math.ceil(first / CHUNK_SIZE)));
}

/** About how many recipients a campaign has; infinity if the store does not know it soon. */
async function sizeIn({ store, log }: Ports, campaign: Campaign): Promise<number> {
  const target = targetOf(campaign);
  // few, and not worth a read
  if (target.kind === 'installations' && namesPeople(target.audience)) return 1;
  let size = Number.POSITIVE_INFINITY;
  const asked = sizeOf(store, campaign.app, target, true).then(
    (it) => {
      size = it;
    },
    (error) => log.unexpected({ where: 'waking senders', error }),
  );
  await endsWithin(asked, SIZE_MS);
  return size;
}
