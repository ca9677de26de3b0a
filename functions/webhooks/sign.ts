/**
 * Standard Webhooks: secrets, and the headers that carry a signature.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

import { randomBytes } from 'node:crypto';
import { Webhook as Signer } from 'standardwebhooks';
import type { Webhook } from '../model/webhook.ts';

/** After a rotation the former secret signs for another day, so that a receiver can change over. */
export const OVERLAP_MS = 24 * 60 * 60 * 1000;

/** A new secret of 32 random bytes. The specification allows 24 to 64. */
export const makeSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

/** The secrets after a rotation: the new one, and the current one for another day. Older ones go. */
export const rotated = (
  { secrets }: Pick<Webhook, 'secrets'>,
  now: number,
  secret = makeSecret(),
): Webhook['secrets'] => [
  { secret, until: null },
  ...secrets.filter((it) => it.until === null).map((it) => ({ ...it, until: now + OVERLAP_MS })),
];

/**
 * The headers of a signed delivery, with a signature by each valid secret. `now` is the time of the
 * post in milliseconds, not that of the event: receivers refuse timestamps older than some minutes.
 */
export function signedHeaders(
  { secrets }: Pick<Webhook, 'secrets'>,
  id: string,
  body: string,
  now: number,
): Record<string, string> {
  const valid = secrets.filter(({ until }) => until === null || until > now);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1000)),
    'webhook-signature': valid
      .map(({ secret }) => new Signer(secret).sign(id, new Date(now), body))
      .join(' '),
  };
}
