/** faults: why no push of a campaign could be sent, found before it is stored. */

import { type Fault, faultIn } from '../../lib/errors.ts';
import { type Campaign, toOf } from '../../model/campaign.ts';
import { personalizationOf } from '../../model/message/personalization.ts';
import { platforms } from '../../model/platform.ts';
import {
  descriptionOf,
  isOverridden,
  type Provider,
  providerOfTarget,
  reaching,
} from '../../model/provider/registry.ts';
import type { Ports, Push } from '../../ports/ports.ts';
import { pushOf } from './push.ts';

/** Faults that would stop every push of the campaign, with their paths in the request. */
export function sendingFaults({ senders }: Ports, campaign: Campaign): Fault[] {
  const push = pushOf(campaign);
  const sender: SenderOf = (provider) => senders.get(campaign.app, provider, 'production');
  const faults = [...contentFaults(campaign, push.to), ...localFaults(campaign)];
  if (push.to === 'token') return [...faults, ...tokenFaults(campaign, push, sender)];
  const provider = providerOfTarget(push.to);
  const { title } = descriptionOf(provider);
  if (!sender(provider))
    faults.push({
      path: `audience.${push.to}`,
      message: `"${campaign.app}" has no credentials for ${title}`,
    });
  return [...faults, ...objections(push, [provider], sender)];
}

/** A topic or a condition is one push, which has no local time. */
export function localFaults(campaign: Pick<Campaign, 'audience' | 'schedule'>): Fault[] {
  const to = toOf(campaign);
  if (to === 'token' || campaign.schedule?.local === undefined) return [];
  const message = `is for devices that Volley knows: a ${to} is one push, which FCM sends to all together; give \`at\``;
  return [{ path: 'schedule.local', message }];
}

/** The sender of the campaign's app at a provider; null without credentials. */
type SenderOf = (provider: Provider) => ReturnType<Ports['senders']['get']>;

/** Faults of the message itself, whichever providers send it. Paths are those of a request. */
export function contentFaults({ message }: Campaign, to: Push['to']): Fault[] {
  const faults: Fault[] = [];
  const { title, body, data, link, sound, badge } = message;
  const parts = [title, body, data, link, sound, badge];
  if (parts.every((it) => it === undefined) && !isOverridden(message))
    faults.push({
      path: 'message',
      message: 'needs a title, a body, data, a link, a sound or a badge',
    });
  if (to !== 'token' && personalizationOf(message))
    faults.push({
      path: 'message',
      message: `has languages, variables or a badge that counts up: a ${to} has none of them`,
    });
  return faults;
}

/** Faults of a campaign to installations: platforms without credentials, and the providers' objections. */
function tokenFaults({ app, audience }: Campaign, push: Push, sender: SenderOf): Fault[] {
  const faults: Fault[] = [];
  const wanted = audience.platform ?? platforms;
  const unreachable = wanted.filter((it) => !reaching(it).some(sender));
  if (unreachable.length === wanted.length)
    faults.push({ path: 'app', message: `"${app}" has no credentials for ${wanted.join(', ')}` });
  else if (audience.platform)
    for (const it of unreachable)
      faults.push({ path: 'audience.platform', message: `"${app}" has no credentials for ${it}` });

  const providers = new Set(wanted.flatMap((it) => reaching(it).find(sender) ?? []));
  return [...faults, ...objections(push, [...providers], sender)];
}

/** What the senders of these providers find wrong with the push. A fault that several find is told once. */
function objections(push: Push, providers: Provider[], sender: SenderOf): Fault[] {
  const found = providers.flatMap((provider) =>
    (sender(provider)?.check(push) ?? []).map((fault) => ({ provider, fault })),
  );
  const same = Map.groupBy(found, ({ fault }) => JSON.stringify(fault));
  return Array.from(same.values(), (those) => {
    const { path, message } = those[0]!.fault;
    const by = those.map(({ provider }) => provider).join(', ');
    return faultIn('message', { path, message: `${by}: ${message}` });
  });
}
