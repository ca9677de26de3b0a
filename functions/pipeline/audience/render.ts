/** render: the push that a recipient with given attributes would get. No device has to be registered. */

import { type Fault, faultIn } from '../../lib/errors.ts';
import { personalizationOf } from '../../model/message/personalization.ts';
import { defaultProvider, type Provider } from '../../model/provider/registry.ts';
import type { RenderRequest } from '../../model/schemas/push.ts';
import type { Ports, Rendered } from '../../ports/ports.ts';
import { sampleCampaign } from '../accept/accept.ts';
import { contentFaults } from '../accept/faults.ts';
import { pushOf } from '../accept/push.ts';
import { withoutValue } from './counting.ts';

/** Stands where the token of a device would be. */
const TOKEN = 'TOKEN';

interface Sample {
  provider: Provider;
  /** which of the message's languages it gets; null is the default */
  language: string | null;
  /** what the push leaves out, and variables without a value */
  warnings: Fault[];
  /** why it would be refused: by us when it is sent, or for this recipient alone since it is too large */
  faults: Fault[];
  rendered: Rendered;
}

/**
 * Null: the app has no credentials for that provider. Reads the app's policy and no more, stores nothing.
 * Throws when the store fails.
 */
export async function renderSample(
  ports: Pick<Ports, 'store' | 'senders' | 'now' | 'newId'>,
  { app, message, platform, environment, language, attributes, ...named }: RenderRequest,
): Promise<Sample | null> {
  const { provider = defaultProvider(platform) } = named;
  const sender = ports.senders.get(app, provider, environment);
  if (sender === null) return null;
  const request = { name: 'sample', app, dryRun: false, audience: {}, message };
  const campaign = await sampleCampaign(ports, request);
  const push = pushOf(campaign);
  const missing = new Map<string, number>();
  const reached = { id: 'sample', provider, environment, token: TOKEN, platform, attributes };
  const own = personalizationOf(message)?.of(
    { ...reached, ...(language !== undefined && { language }) },
    missing,
  );
  const recipient = { installationId: reached.id, token: TOKEN, ...own };
  const rendered = sender.render(push, recipient, platform);
  const lost = sender.lost(push, platform).map((it) => faultIn('message', it));
  const empty = Array.from(missing.keys(), (name) => ({
    path: `attributes.${name}`,
    message: withoutValue(name),
  }));
  const faults = [
    ...contentFaults(campaign, push.to),
    ...sender.check(push).map((it) => faultIn('message', it)),
  ];
  return {
    provider,
    language: own?.language ?? null,
    warnings: [...lost, ...empty],
    faults: faults.length > 0 ? faults : tooLarge(rendered),
    rendered,
  };
}

/** The message fits, with the defaults of its variables: so the values of this recipient are too long. */
const tooLarge = ({ bytes, mostBytes }: Rendered): Fault[] =>
  bytes <= mostBytes
    ? []
    : [
        {
          path: 'attributes',
          message: `the payload has ${bytes} bytes with them, ${mostBytes} are allowed: the push would fail with PayloadTooLarge`,
        },
      ];
