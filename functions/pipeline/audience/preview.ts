/** What the recipients of a test would be shown, by each provider. */

import { type Fault, faultIn } from '../../lib/errors.ts';
import { shortToken } from '../../lib/redact.ts';
import { BUCKETS } from '../../model/bucket.ts';
import { type CampaignRequest, targetOf } from '../../model/campaign.ts';
import type { Recipient } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import { wordingOf } from '../../model/message/personalization.ts';
import { forEachProvider, type Provider } from '../../model/provider/registry.ts';
import type { Ports, Rendered } from '../../ports/ports.ts';
import { draft, pushOf } from '../accept/accept.ts';
import { pagesOf } from './pages.ts';

/** A test is looked at by a person. */
const SHOWN = 20;

export interface Preview {
  installationId: string;
  /** the one that it is sent by */
  provider: Provider;
  /** of the message's languages; null is the default */
  language: string | null;
  /** what of the message it is not given, for its platform and by its provider */
  lost: Fault[];
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
    const sender = (provider: Provider) =>
      ports.senders.get(campaign.app, provider, it.environment);
    const platform = it.platform ?? null;
    const rendered = (provider: Provider) =>
      sender(provider)?.render(push, recipient, platform) ?? null;
    const lost = platform && sender(it.provider)?.lost(push, platform);
    return {
      ...{ installationId: it.id, provider: it.provider, language: own?.language ?? null },
      lost: (lost ?? []).map((fault) => faultIn('message', fault)),
      rendered: forEachProvider(rendered),
    };
  };
  const target = targetOf(campaign);
  const carried = [...new Set(['platform', ...(wording?.carried ?? [])] as const)];
  const pages = pagesOf(
    ...([ports.store, campaign.app, target, everywhere, null, SHOWN, carried] as const),
  );
  for await (const { installations } of pages) return installations.slice(0, SHOWN).map(of);
  return [];
}
