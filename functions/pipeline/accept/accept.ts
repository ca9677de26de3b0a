/**
 * accept: validates a request, stores the campaign and queues one plan task. Nothing runs after the
 * answer.
 */

import { hash, randomUUID } from 'node:crypto';
import type { Fault } from '../../lib/errors.ts';
import { receiptsOf } from '../../model/app-policy.ts';
import { type Campaign, type CampaignRequest, SYSTEM } from '../../model/campaign.ts';
import { startTasks } from '../../model/tasks.ts';
import { LOST_AFTER_MS, startDueAt } from '../../model/timing.ts';
import type { LocalTime } from '../../model/waves.ts';
import type { Ports } from '../../ports/ports.ts';
import { appPolicy } from '../app-policy.ts';
import { resolve } from '../audience/resolve.ts';
import { wakeSenders } from '../wake.ts';
import { sendingFaults } from './faults.ts';
import { timeFaults, timeOf } from './time.ts';

export type Accepted =
  | { kind: 'accepted' | 'existing'; campaign: Campaign }
  /** the idempotency key was used for another request */
  | { kind: 'conflict' }
  | { kind: 'refused'; faults: Fault[] };

/**
 * Accepts a request that its schema has checked. A request with faults is refused and nothing is stored,
 * unless the same request was accepted earlier under this key: then the answer is that campaign. `by`:
 * the name of the API key or the user, for the history. Throws when the store or the queue fails; the
 * caller then asks again with the same key.
 */
export async function accept(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string | null,
  by = SYSTEM,
  marks: Pick<Campaign, 'uncapped'> = {},
): Promise<Accepted> {
  const { campaign, faults } = await draft(ports, request);
  if (faults.length > 0)
    return (await earlier(ports, request, idempotencyKey)) ?? { kind: 'refused', faults };
  return keep(ports, request, { ...campaign, ...marks }, idempotencyKey, by);
}

/**
 * Accepts a request that was checked earlier: a schedule's run, a retry, an inbound webhook. Its
 * audience is resolved now, with its segments as they are. It is refused only if that fails, since the
 * segment or the upload is gone. Other faults show in the report. `late` replaces what a request with a local
 * time says of lateness. Throws as `accept` does.
 */
export async function enter(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string,
  by = SYSTEM,
  late?: Pick<LocalTime, 'since' | 'next'>,
): Promise<Accepted> {
  const { campaign, unclear } = await draft(ports, request);
  if (unclear.length > 0)
    return (await earlier(ports, request, idempotencyKey)) ?? { kind: 'refused', faults: unclear };
  const { schedule } = campaign;
  const time = schedule && late && { ...schedule, since: late.since, next: late.next };
  return keep(ports, request, { ...campaign, ...(time && { schedule: time }) }, idempotencyKey, by);
}

/**
 * What this key was used for before; null: nothing. A repeated request gets the same campaign even if
 * it would be refused by now, since its time has passed or its segment is gone.
 */
export async function earlier(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string | null,
): Promise<Exclude<Accepted, { kind: 'refused' }> | null> {
  const idempotency = idempotencyOf(request, idempotencyKey);
  const found = idempotency && (await ports.store.findCampaign(request.app, idempotency));
  if (found?.kind !== 'exists') return found;
  await queueStart(ports, found.campaign);
  return { kind: 'existing', campaign: found.campaign };
}

async function queueStart(ports: Ports, campaign: Campaign) {
  const { queue, now } = ports;
  if (!['accepted', 'scheduled'].includes(campaign.state)) return;
  await Promise.all([queue.create(startTasks(campaign, now())), wakeSenders(ports, campaign)]);
}

/**
 * Stores the campaign, then queues it: two writes. If the second fails, the caller gets no 202, and
 * the same Idempotency-Key finds the campaign and queues it again; without a key, the sweep does.
 */
async function keep(
  ports: Ports,
  request: CampaignRequest,
  campaign: Campaign,
  idempotencyKey: string | null,
  by: string,
): Promise<Accepted> {
  const idempotency = idempotencyOf(request, idempotencyKey);
  const { schedule, createdAt: now } = campaign;
  const dueAt = schedule ? startDueAt(schedule.at, now) : now + LOST_AFTER_MS;
  const created = await ports.store.createCampaign(campaign, idempotency, dueAt, by);
  if (created.kind === 'conflict') return { kind: 'conflict' };
  await queueStart(ports, created.campaign);
  if (created.kind === 'exists') return { kind: 'existing', campaign: created.campaign };
  const { id, app, name } = campaign;
  ports.log.campaignAccepted({ campaignId: id, app, name });
  return { kind: 'accepted', campaign };
}

/**
 * The campaign as it would be stored now, and all faults for which it would be refused. `unclear` are
 * those among them with which the audience cannot be resolved. Stores nothing.
 */
export async function draft(ports: Ports, request: CampaignRequest) {
  const now = ports.now();
  const { app, audience, message } = request;
  const begin = request.schedule && timeOf(request.schedule, now).at;
  const asked = { audience, category: message.category };
  const [campaign, answer] = await Promise.all([
    sampleCampaign(ports, request, now),
    // a retry goes to the failures of an earlier campaign: its audience is not resolved again
    request.retryOf ? { resolved: null } : resolve(ports.store, app, asked, now, begin),
  ]);
  if ('resolved' in answer && answer.resolved) campaign.meaning = answer.resolved;
  const unclear = 'faults' in answer ? answer.faults : [];
  const faults = [
    ...unclear,
    ...sendingFaults(ports, campaign),
    ...timeFaults(ports, request.schedule),
  ];
  return { campaign, unclear, faults };
}

/**
 * The first and last groups of a UUID, which are random: 80 bits. Firestore spreads its writes by
 * them. Not random bytes: Node makes UUIDs in batches, which is faster.
 */
const randomId = () => randomUUID().replace(/-.*-/, '');

const newCampaign = (
  { schedule, ...request }: CampaignRequest,
  id: string,
  now: number,
): Campaign => ({
  ...request,
  ...(schedule && { schedule: timeOf(schedule, now) }),
  id,
  state: schedule ? 'scheduled' : 'accepted',
  reason: null,
  createdAt: now,
  firstPushAt: null,
  closedAt: null,
  shards: 0,
});

/**
 * The key with a SHA-256 (hex) of the request, which tells a repeat from another request; null without
 * a key.
 */
export function idempotencyOf(request: CampaignRequest, key: string | null) {
  // an earlier version knew no kinds, and a repeat may come after the update
  const { kind: _, ...said } = request;
  return key ? { key, requestHash: hash('sha256', JSON.stringify(said)) } : null;
}

/**
 * The campaign that a request would be now, its audience as it is. Stores nothing. Throws when the store
 * fails.
 */
export async function sampleCampaign(
  ports: Pick<Ports, 'store' | 'now' | 'newId'>,
  request: CampaignRequest,
  now = ports.now(),
): Promise<Campaign> {
  const policy = await appPolicy(ports, request.app);
  return { ...newCampaign(request, ports.newId?.() ?? randomId(), now), ...receiptsOf(policy) };
}

/** The faults of a message for which the providers would refuse it for every recipient. */
export async function messageFaults(ports: Ports, request: CampaignRequest): Promise<Fault[]> {
  const faults = sendingFaults(ports, await sampleCampaign(ports, request));
  return faults.filter(({ path }) => path === 'message' || path.startsWith('message.'));
}
