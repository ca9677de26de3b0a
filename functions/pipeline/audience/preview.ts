/** What those who get a test would be shown, by either provider. */

import { shortToken } from '../../log.ts';
import type { Ports, Reached, Recipient, Rendered } from '../../ports.ts';
import { draft, pushOf } from '../accept.ts';
import { type CampaignRequest, targetOf } from '../campaign.ts';
import { BUCKETS, type Provider, providers } from '../installation.ts';
import { wordingOf } from '../wording.ts';
import { pagesOf } from './pages.ts';

/** A test is looked at by a person. */
const SHOWN = 20;

export interface Preview {
  installationId: string;
  /** the one that it is sent by */
  provider: Provider;
  /** of the message's languages; null is the default */
  language: string | null;
  /** null: the app has no credentials for that provider */
  rendered: Record<Provider, Rendered | null>;
}

/** Of the first few of a request without faults. Tokens in it are shortened. */
export async function preview(ports: Ports, request: CampaignRequest): Promise<Preview[]> {
  const { campaign } = await draft(ports, request);
  const wording = wordingOf(campaign.message);
  const push = pushOf(campaign);
  const everywhere = { from: 0, to: BUCKETS };
  const of = (it: Reached): Preview => {
    const own = wording?.of(it, new Map());
    const recipient: Recipient = {
      ...{ installationId: it.id, token: shortToken(it.token) },
      ...own,
    };
    const rendered = (provider: Provider) =>
      ports.senders.get(campaign.app, provider, it.environment)?.render(push, recipient) ?? null;
    return {
      ...{ installationId: it.id, provider: it.provider, language: own?.language ?? null },
      rendered: Object.fromEntries(providers.map((it) => [it, rendered(it)])) as never,
    };
  };
  const target = targetOf(campaign);
  const pages = pagesOf(
    ...([ports.store, campaign.app, target, everywhere, null, SHOWN, wording?.carried] as const),
  );
  for await (const { installations } of pages) return installations.slice(0, SHOWN).map(of);
  return [];
}
