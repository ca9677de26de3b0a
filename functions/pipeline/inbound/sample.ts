/**
 * sample: the message that a trigger's template makes, as far as it is known before an inbound webhook
 * comes: with the template's defaults, and stand-ins where values of the webhook will be.
 */

import type { Fault } from '../../lib/errors.ts';
import { asLiteral, fill } from '../../model/ping-template.ts';
import { type Message, messageSchema } from '../../model/schemas/message.ts';
import type { Json } from '../../model/trigger.ts';
import type { Ports } from '../../ports/ports.ts';
import { messageFaults } from '../accept/accept.ts';

/** Stand-ins by the names of a message's fields; other fields are left out. */
const standIns: Record<string, Json> = {
  title: '-',
  subtitle: '-',
  body: '-',
  sound: '-',
  collapseId: '-',
  badge: 1,
  ttlSeconds: 1,
  imageUrl: 'https://example.com/',
  link: 'https://example.com/',
  webLink: 'https://example.com/',
};

/**
 * Faults for which the providers would refuse every message that the template makes; paths as in a
 * campaign.
 */
export async function templateObjections(
  ports: Ports,
  { app, audience, message }: { app: string; audience: object; message: object },
): Promise<Fault[]> {
  const sample = sampleOf(message as Json);
  if (sample === null) return [];
  const toTopic = Object.keys(audience).some((it) => it === 'topic' || it === 'condition');
  return messageFaults(ports, {
    name: 'ping',
    app,
    dryRun: false,
    message: sample,
    audience: toTopic ? { topic: '-' } : {},
  });
}

function sampleOf(template: Json): Message | null {
  const sample = asLiteral(fill(template, 'message', {}).value);
  const first = messageSchema.safeParse(sample);
  if (first.success) return first.data;
  for (const { path } of first.error.issues) putIn(sample, path);
  // other faults show when an inbound webhook comes
  return messageSchema.safeParse(sample).data ?? null;
}

function putIn(sample: Json, path: PropertyKey[]) {
  const name = String(path.at(-1));
  let outer = sample as Record<PropertyKey, Json> | undefined;
  for (const key of path.slice(0, -1)) outer = outer?.[key] as typeof outer;
  if (typeof outer !== 'object' || outer === null || !Object.hasOwn(outer, name)) return;
  if (Object.hasOwn(standIns, name)) outer[name] = standIns[name]!;
  else delete outer[name];
}
