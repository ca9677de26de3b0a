/** preview: shows what the recipients of a test would get. */

import { type Fault, faultIn } from '../../lib/errors.ts';
import { shortToken } from '../../lib/redact.ts';
import { BUCKETS } from '../../model/bucket.ts';
import { type CampaignRequest, targetOf } from '../../model/campaign.ts';
import type { Recipient } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import { personalizationOf } from '../../model/message/personalization.ts';
import { forEachProvider, type Provider } from '../../model/provider/registry.ts';
import type { Ports, Rendered } from '../../ports/ports.ts';
import { draft } from '../accept/accept.ts';
import { pushOf } from '../accept/push.ts';
import { pagesOf } from './pages.ts';

/** Recipients shown: a person looks at each of them. */
const SHOWN = 20;

export interface Preview {
  installationId: string;
  /** the provider that sends to it */
  provider: Provider;
  /** which of the message's languages it gets; null is the default */
  language: string | null;
  /** parts of the message that it does not get, for its platform and by its provider */
  lost: Fault[];
  /** by the provider that sends it; null for the others, and without credentials */
  rendered: Record<Provider, Rendered | null>;
}

/**
 * The first few recipients of a request that has no faults. Tokens in the answer are shortened. Throws
 * when the store fails.
 */
export async function preview(ports: Ports, request: CampaignRequest): Promise<Preview[]> {
  const { campaign } = await draft(ports, request);
  const personalization = personalizationOf(campaign.message);
  const push = pushOf(campaign);
  const everywhere = { from: 0, to: BUCKETS };
  const previewOf = (it: Reached): Preview => {
    const own = personalization?.of(it, new Map());
    const recipient: Recipient = { installationId: it.id, token: shortToken(it.token), ...own };
    const sender = ports.senders.get(campaign.app, it.provider, it.environment);
    const platform = it.platform ?? null;
    const rendered = sender?.render(push, recipient, platform) ?? null;
    const lost = platform && sender?.lost(push, platform);
    return {
      installationId: it.id,
      provider: it.provider,
      language: own?.language ?? null,
      lost: (lost ?? []).map((fault) => faultIn('message', fault)),
      rendered: forEachProvider((provider) => (provider === it.provider ? rendered : null)),
    };
  };
  const target = targetOf(campaign);
  const { store } = ports;
  const carried = [...new Set(['platform', ...(personalization?.carried ?? [])] as const)];
  const read = { app: campaign.app, range: everywhere, after: null, size: SHOWN, carried };
  const pages = pagesOf(store, target, read);
  for await (const { installations } of pages) return installations.slice(0, SHOWN).map(previewOf);
  return [];
}
