/** An event of Volley, which webhooks and streams get as a CloudEvent. */

import { rfc3339 } from '../lib/rfc3339.ts';

export const SOURCE = 'volley';

/** `schemas/events.ts` says when each is sent, and with which data. */
export const eventTypes = [
  'campaign.accepted',
  'campaign.started',
  'campaign.progress',
  'campaign.paused',
  'campaign.completed',
  'campaign.failed',
  'campaign.receipts',
  'installation.unregistered',
  'push.failed',
  'warehouse.rows',
  'webhook.disabled',
  'webhook.test',
] as const;
export type EventType = (typeof eventTypes)[number];

export interface CampaignEvent {
  /** stable: the same event published twice has the same id. No full stop: it will be signed. */
  id: string;
  type: EventType;
  /** the id of the campaign or the webhook that it is about */
  subject: string;
  /** null: it is about a webhook of all apps */
  app: string | null;
  at: number;
  /** as the schema of its type says */
  data: Record<string, unknown>;
}

/** Types that a webhook gets only if it names them. */
const optIn: readonly EventType[] = ['campaign.receipts', 'push.failed'];
/** Types that no webhook subscribes to. Rows are for other subscribers of the topic. */
const unlisted: readonly EventType[] = ['webhook.test', 'warehouse.rows'];
export const subscribable = eventTypes.filter((it) => !unlisted.includes(it));
export const subscribedByDefault = subscribable.filter((it) => !optIn.includes(it));

export const isEventType = (it: unknown): it is EventType => eventTypes.includes(it as EventType);

/**
 * In structured mode:
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const toCloudEvent = ({ id, type, subject, app, at, data }: CampaignEvent) => ({
  specversion: '1.0',
  id,
  source: SOURCE,
  type,
  subject,
  time: rfc3339(at),
  datacontenttype: 'application/json',
  ...(app !== null && { app }),
  data,
});
