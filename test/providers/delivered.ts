/** A message as a device gets it, by each provider. */

import type { Message } from '../../functions/model/campaign.ts';
import { messageSchema } from '../../functions/model/schemas/message.ts';
import type { Push } from '../../functions/ports/ports.ts';
import { apnsNotification } from '../../functions/providers/apns/notification.ts';
import { fcmMessage } from '../../functions/providers/fcm/message.ts';
import { jsonFor } from '../../functions/providers/shared/personalization.ts';
import { apnsRules } from '../../functions/simulators/apns/rules.ts';
import { fcmRules } from '../../functions/simulators/fcm/rules.ts';
import { newPeer } from '../../functions/simulators/shared/rules.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { apnsKey, TOPIC } from './fixture.ts';

export const NOW = Date.UTC(2026, 10, 21, 13);
const TTL_SECONDS = 3600;

type Json = Record<string, unknown>;

/** A push at NOW of a message as the API accepts it; null if the API refuses it. */
export function pushOf(message: object): Push | null {
  const parsed = messageSchema.safeParse({ ttlSeconds: TTL_SECONDS, ...message });
  if (!parsed.success) return null;
  const { ttlSeconds } = parsed.data;
  return {
    campaignId: 'campaign-1',
    message: parsed.data as Message,
    // as `expiryOf`: an hour for messages that are sent now or never
    expiresAt: NOW + (ttlSeconds || 3600) * 1000,
    dryRun: false,
    to: 'token',
  };
}

export function iosByApns(push: Push) {
  const { payload, headers } = apnsNotification(push, TOPIC);
  return {
    type: headers['apns-push-type'],
    priority: String(headers['apns-priority']),
    expiration: String(headers['apns-expiration']),
    collapse: headers['apns-collapse-id'],
    payload: JSON.parse(payload.toString()) as Json,
  };
}

/**
 * FCM puts the data beside the content of `apns.payload`, and makes the alert from the notification if
 * there is none.
 */
export function iosByFcm(push: Push) {
  const { data, apns, notification } = fcmMessage(push, NOW) as Record<string, Json>;
  const { headers, payload } = apns as { headers: Record<string, string>; payload?: Json };
  const { image: _, ...words } = notification ?? {};
  const aps = { ...(notification && { alert: words }), ...(payload?.aps as Json) };
  return {
    type: headers['apns-push-type'],
    priority: headers['apns-priority'],
    expiration: headers['apns-expiration'],
    collapse: headers['apns-collapse-id'],
    payload: { ...data, ...payload, aps } as Json,
  };
}

export function android(push: Push) {
  const message = fcmMessage(push, NOW) as Record<string, Json>;
  const { notification, priority, ttl, collapse_key, data } = message.android!;
  return {
    priority,
    ttl,
    collapse: collapse_key,
    data: data ?? message.data ?? {},
    notification: { ...message.notification, ...(notification as Json) },
  };
}

export function web(push: Push) {
  const message = fcmMessage(push, NOW) as Record<string, Json>;
  const { headers, notification, data, fcm_options } = message.webpush as Record<string, Json>;
  return {
    ttl: headers!.TTL,
    urgency: headers!.Urgency,
    topic: headers!.Topic,
    link: fcm_options?.link,
    data: data ?? message.data ?? {},
    notification: { ...message.notification, ...notification },
  };
}

const fcm = fcmRules({ projectId: 'example', now: () => NOW });
const apns = apnsRules({
  publicKey: apnsKey.publicKey,
  keyId: 'KEY1234567',
  teamId: 'TEAM123456',
  topics: [TOPIC],
  now: () => NOW,
});

/** The text for a recipient without values, with a badge. */
const forOne = (json: string, { message }: Push) => jsonFor(json, message)?.({ badge: 1 }) ?? json;

/** Why the simulated FCM refuses the message; null if it accepts it. */
export function refusedByFcm(push: Push, target: Json = { token: sampleToken('fcm', 1) }) {
  const body = forOne(JSON.stringify({ message: { ...target, ...fcmMessage(push, NOW) } }), push);
  const headers = {
    ':method': 'POST',
    ':path': '/v1/projects/example/messages:send',
    authorization: 'Bearer x',
    'content-type': 'application/json',
  };
  const checked = fcm.check({ headers, body: Buffer.from(body) }, newPeer());
  return 'refusal' in checked ? checked.refusal.body : null;
}

export function refusedByApns(push: Push) {
  const { payload, headers } = apnsNotification(push, TOPIC);
  const body = Buffer.from(forOne(payload.toString(), push));
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  const path = `/3/device/${sampleToken('apns', 1)}`;
  const asked = {
    headers: { ':method': 'POST', ':path': path, ...Object.fromEntries(texts) },
    body,
  };
  // with a certificate, so no token has to be signed
  const checked = apns.check(asked, newPeer(TOPIC));
  return 'refusal' in checked ? checked.refusal.body : null;
}
