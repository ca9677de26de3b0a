/** accept: validate, store the campaign, queue one plan task, answer. Nothing runs after that. */

import { hash, randomUUID } from 'node:crypto';
import { type Fault, faultIn } from '../../lib/errors.ts';
import { type Campaign, type CampaignRequest, SYSTEM, toOf } from '../../model/campaign.ts';
import { wordingOf } from '../../model/message/personalization.ts';
import { platforms } from '../../model/platform.ts';
import {
  descriptionOf,
  isOverridden,
  type Provider,
  providerOfTarget,
  reaching,
} from '../../model/provider/registry.ts';
import { startTasks } from '../../model/tasks.ts';
import { expiryOf, LOST_AFTER_MS, startDueAt } from '../../model/timing.ts';
import type { Ports, Push } from '../../ports/ports.ts';
import { resolve } from '../audience/resolve.ts';

export type Accepted =
  | { kind: 'accepted' | 'existing'; campaign: Campaign }
  /** the key was used for another request */
  | { kind: 'conflict' }
  | { kind: 'refused'; faults: Fault[] };

export async function accept(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string | null,
  by = SYSTEM,
): Promise<Accepted> {
  const { campaign, faults } = await draft(ports, request);
  if (faults.length > 0)
    return (await earlier(ports, request, idempotencyKey)) ?? { kind: 'refused', faults };
  return keep(ports, request, campaign, idempotencyKey, by);
}

export const pastTime = ({ now }: Pick<Ports, 'now'>, it: CampaignRequest['schedule']): Fault[] =>
  it && it.at <= now() ? [{ path: 'schedule.at', message: 'is in the past' }] : [];

/**
 * Of a request that was checked before. What it is for is asked now: its segments as they are, its
 * days until today. It is refused only if its audience can no longer be resolved: the segment or the upload is
 * gone.
 */
export async function enter(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string,
  by = SYSTEM,
): Promise<Accepted> {
  const { campaign, unclear } = await draft(ports, request);
  if (unclear.length > 0)
    return (await earlier(ports, request, idempotencyKey)) ?? { kind: 'refused', faults: unclear };
  return keep(ports, request, campaign, idempotencyKey, by);
}

/**
 * What this key was used for before. A repeated request gets that, though by now it would be refused:
 * its time has passed, its segment is gone. Null: nothing.
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

async function queueStart({ queue, now }: Ports, campaign: Campaign) {
  if (['accepted', 'scheduled'].includes(campaign.state))
    await queue.create(startTasks(campaign, now()));
}

/**
 * Stores and queues it. Two writes. If the second fails, the caller gets no 202, and the same
 * Idempotency-Key finds the campaign and queues it again; without a key, the sweep finds it.
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
 * The campaign as it would be stored now, and why it would not be. `unclear` are the faults
 * with which the audience cannot be resolved.
 */
export async function draft(ports: Ports, request: CampaignRequest) {
  const now = ports.now();
  const campaign = newCampaign(request, ports.newId?.() ?? randomId(), now);
  // the failures of an earlier one are known, whatever its audience means by now
  const resolved = request.retryOf
    ? { meaning: null }
    : await resolve(ports.store, request.app, request.audience, now, request.schedule?.at);
  if ('meaning' in resolved && resolved.meaning) campaign.meaning = resolved.meaning;
  const unclear = 'faults' in resolved ? resolved.faults : [];
  const faults = [
    ...unclear,
    ...whatCannotBeSent(ports, campaign),
    ...pastTime(ports, request.schedule),
  ];
  return { campaign, unclear, faults };
}

/**
 * All of a UUID's digits that are random: 80 bits. Firestore spreads what it writes by them; SQLite
 * would rather have an order. Node makes UUIDs in batches, but random bytes one by one.
 */
const randomId = () => randomUUID().replace(/-.*-/, '');

const newCampaign = (request: CampaignRequest, id: string, now: number): Campaign => ({
  ...request,
  id,
  state: request.schedule ? 'scheduled' : 'accepted',
  reason: null,
  createdAt: now,
  firstPushAt: null,
  closedAt: null,
  shards: 0,
});

export const idempotencyOf = (request: CampaignRequest, key: string | null) =>
  key ? { key, requestHash: hash('sha256', JSON.stringify(request)) } : null;

/** Faults that would stop every push of it are told at the door. */
function whatCannotBeSent({ senders }: Ports, campaign: Campaign): Fault[] {
  const { app, audience, message } = campaign;
  const faults: Fault[] = [];
  const { title, body, data, sound, badge } = message;
  const parts = [title, body, data, sound, badge];
  if (parts.every((it) => it === undefined) && !isOverridden(message))
    faults.push({ path: 'message', message: 'needs a title, a body, data, a sound or a badge' });

  const push = pushOf(campaign);
  if (push.to !== 'token' && wordingOf(message))
    faults.push({
      path: 'message',
      message: `has languages, variables or a badge that counts up: a ${push.to} has none of them`,
    });
  const sender = (provider: Provider) => senders.get(app, provider, 'production');
  const objections = (providers: Provider[]): Fault[] => {
    const found = providers.flatMap((provider) =>
      (sender(provider)?.check(push) ?? []).map((fault) => ({ provider, fault })),
    );
    // the same fault for both is told once
    const same = Map.groupBy(found, ({ fault }) => JSON.stringify(fault));
    return Array.from(same.values(), (those) => {
      const { path, message } = those[0]!.fault;
      const by = those.map(({ provider }) => provider).join(', ');
      return faultIn('message', { path, message: `${by}: ${message}` });
    });
  };
  if (push.to !== 'token') {
    const provider = providerOfTarget(push.to);
    const { title } = descriptionOf(provider);
    if (!sender(provider))
      faults.push({
        path: `audience.${push.to}`,
        message: `"${app}" has no credentials for ${title}`,
      });
    return [...faults, ...objections([provider])];
  }
  const wanted = audience.platform ?? platforms;
  const unreachable = wanted.filter((it) => !reaching(it).some(sender));
  if (unreachable.length === wanted.length)
    faults.push({ path: 'app', message: `"${app}" has no credentials for ${wanted.join(', ')}` });
  else if (audience.platform)
    for (const it of unreachable)
      faults.push({ path: 'audience.platform', message: `"${app}" has no credentials for ${it}` });

  const providers = new Set(wanted.flatMap((it) => reaching(it).find(sender) ?? []));
  return [...faults, ...objections([...providers])];
}

/** What the providers would refuse of a message for any recipient. */
export const messageFaults = (ports: Ports, request: CampaignRequest): Fault[] =>
  whatCannotBeSent(ports, newCampaign(request, 'sample', ports.now())).filter(
    ({ path }) => path === 'message' || path.startsWith('message.'),
  );

/** As its first recipient would get it. */
export const pushOf = (campaign: Campaign): Push => ({
  ...{ campaignId: campaign.id, message: campaign.message, dryRun: campaign.dryRun },
  ...{ to: toOf(campaign), expiresAt: expiryOf(campaign, 0) },
});
