/** accept: validate, store the campaign, queue one plan task, answer. Nothing runs after that. */

import { hash, randomBytes } from 'node:crypto';
import type { Fault } from '../errors.ts';
import type { Ports, Push } from '../ports.ts';
import { type Campaign, type CampaignRequest, toOf } from './campaign.ts';
import { type Platform, type Provider, platforms } from './installation.ts';
import { planTask } from './tasks.ts';
import { expiryOf, LOST_AFTER_MS } from './timing.ts';

export type Accepted =
  | { kind: 'accepted' | 'existing'; campaign: Campaign }
  /** the key was used for another request */
  | { kind: 'conflict' }
  | { kind: 'refused'; faults: Fault[] };

export async function accept(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string | null,
): Promise<Accepted> {
  const faults = whatCannotBeSent(ports, request);
  return faults.length > 0 ? { kind: 'refused', faults } : enter(ports, request, idempotencyKey);
}

/**
 * Stores and queues what was checked before. Two writes. If the second fails, the caller gets no 202,
 * and the same Idempotency-Key finds the campaign and queues it again; without a key, the sweep finds
 * it.
 */
export async function enter(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string | null,
): Promise<Exclude<Accepted, { kind: 'refused' }>> {
  const now = ports.now();
  const campaign: Campaign = {
    ...request,
    id: randomBytes(10).toString('hex'),
    state: 'accepted',
    reason: null,
    createdAt: now,
    firstPushAt: null,
    closedAt: null,
    shards: 0,
  };
  const idempotency = idempotencyKey
    ? { key: idempotencyKey, requestHash: hash('sha256', JSON.stringify(request)) }
    : null;
  const created = await ports.store.createCampaign(campaign, idempotency, now + LOST_AFTER_MS);
  if (created.kind === 'conflict') return { kind: 'conflict' };
  if (created.kind === 'created' || created.campaign.state === 'accepted')
    await ports.queue.create([planTask(created.campaign.id)]);
  if (created.kind === 'exists') return { kind: 'existing', campaign: created.campaign };
  const { id, app, name } = campaign;
  ports.log.campaignAccepted({ campaignId: id, app, name });
  return { kind: 'accepted', campaign };
}

/** Which providers can reach a platform, the usual one first. */
const reachedBy: Record<Platform, Provider[]> = {
  ios: ['apns', 'fcm'],
  android: ['fcm'],
  web: ['fcm'],
};

/** Faults that would stop every push of it are told at the door. */
export function whatCannotBeSent({ senders }: Ports, campaign: CampaignRequest): Fault[] {
  const { app, audience, message } = campaign;
  const faults: Fault[] = [];
  const { title, body, data, apns, fcm } = message;
  if ([title, body, data, apns?.pushType, apns?.payload, fcm].every((it) => it === undefined))
    faults.push({ path: 'message', message: 'needs a title, a body or data' });

  const push: Push = {
    ...{ campaignId: '', message, dryRun: campaign.dryRun, to: toOf(campaign) },
    expiresAt: expiryOf({ message, createdAt: 0 }, 0),
  };
  const sender = (provider: Provider) => senders.get(app, provider, 'production');
  const objections = (provider: Provider): Fault[] =>
    (sender(provider)?.check(push) ?? []).map((fault) => ({
      path: 'message',
      message: `${provider}: ${fault}`,
    }));
  if (push.to !== 'token' && !sender('fcm'))
    faults.push({ path: `audience.${push.to}`, message: `"${app}" has no credentials for FCM` });
  if (push.to !== 'token') return [...faults, ...objections('fcm')];
  const wanted = audience.platform ?? platforms;
  const unreachable = wanted.filter((it) => !reachedBy[it].some(sender));
  if (unreachable.length === wanted.length)
    faults.push({ path: 'app', message: `"${app}" has no credentials for ${wanted.join(', ')}` });
  else if (audience.platform)
    for (const it of unreachable)
      faults.push({ path: 'audience.platform', message: `"${app}" has no credentials for ${it}` });

  const providers = new Set(wanted.flatMap((it) => reachedBy[it].find(sender) ?? []));
  return [...faults, ...[...providers].flatMap(objections)];
}
