/**
 * Standard Webhooks: secrets, and the headers that carry a signature.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

import { randomBytes } from 'node:crypto';
import { Webhook as Signer } from 'standardwebhooks';
import type { Webhook } from '../model/webhook.ts';

/** How long the secret before the last one signs too, so that a receiver can change over. */
export const OVERLAP_MS = 24 * 60 * 60 * 1000;

/** 24 to 64 bytes are allowed. */
export const makeSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

/** The new one and the one before it; one that was on its way out is gone. */
export const rotated = (
  { secrets }: Pick<Webhook, 'secrets'>,
  now: number,
  secret = makeSecret(),
): Webhook['secrets'] => [
  { secret, until: null },
  ...secrets.filter((it) => it.until === null).map((it) => ({ ...it, until: now + OVERLAP_MS })),
];

/** `now` is when it is sent, not when it happened: receivers refuse what is older than some minutes. */
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
