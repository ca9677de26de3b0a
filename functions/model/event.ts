/** An event: what the world is told. Each is a CloudEvent with data of its type. */

import { rfc3339 } from '../lib/rfc3339.ts';

export const SOURCE = 'volley';

/** When each is sent, and its data: `schemas/events.ts`. */
export const eventTypes = [
  'campaign.accepted',
  'campaign.started',
  'campaign.progress',
  'campaign.paused',
  'campaign.completed',
  'campaign.failed',
  'installation.unregistered',
  'push.failed',
  'webhook.disabled',
  'webhook.test',
] as const;
export type EventType = (typeof eventTypes)[number];

export interface CampaignEvent {
  /** stable: the same event published twice has the same id. No full stop: it will be signed. */
  id: string;
  type: EventType;
  /** what it is about: a campaign's id, or a webhook's */
  subject: string;
  /** null: of a webhook that is for all apps */
  app: string | null;
  at: number;
  /** as the schema of its type says */
  data: Record<string, unknown>;
}

/** What a webhook gets that names no types; it need not be told of a ping. */
const optIn: readonly EventType[] = ['push.failed', 'webhook.test'];
export const subscribable = eventTypes.filter((it) => it !== 'webhook.test');
export const subscribedByDefault = eventTypes.filter((it) => !optIn.includes(it));

export const isEventType = (it: unknown): it is EventType => eventTypes.includes(it as EventType);

/**
 * In structured mode:
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const toCloudEvent = ({ id, type, subject, app, at, data }: CampaignEvent) => ({
  specversion: '1.0',
  ...{ id, source: SOURCE, type, subject, time: rfc3339(at) },
  datacontenttype: 'application/json',
  ...(app !== null && { app }),
  data,
});
