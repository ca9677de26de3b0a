/** The body of a delivery: the event itself, or a chat message about it. */

import { type CampaignEvent, toCloudEvent } from '../model/event.ts';
import type { Webhook } from '../model/webhook.ts';
import type { Ports } from '../ports/ports.ts';
import { chatMessage } from './chat.ts';

/** `format` is the webhook's; `origin` is for links in a chat message. Throws what the store throws. */
export async function contentOf(
  ports: Ports,
  { format, origin }: Pick<Webhook, 'format' | 'origin'>,
  event: CampaignEvent,
): Promise<{ body: string; contentType: string }> {
  if (format === 'standard')
    return {
      body: JSON.stringify(toCloudEvent(event)),
      contentType: 'application/cloudevents+json; charset=utf-8',
    };
  const message = await chatMessage(ports, format, event, origin);
  return { body: JSON.stringify(message), contentType: 'application/json; charset=utf-8' };
}
