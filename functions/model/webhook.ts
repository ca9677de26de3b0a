/** Webhooks, and the events on their way to them. */

import type { CampaignEvent, EventType } from './event.ts';

export const formats = ['standard', 'slack', 'teams'] as const;

/** What a chat is told; its message is a report. */
export const chatTypes: EventType[] = ['campaign.completed', 'campaign.failed', 'campaign.paused'];

export const chatFaults = (format: Webhook['format'], types: EventType[]): string[] =>
  format === 'standard'
    ? []
    : types
        .filter((it) => !chatTypes.includes(it))
        .map((it) => `${it} is not for a chat; ${chatTypes.join(', ')} are`);

/** Where events are to be posted. */
export interface Webhook {
  id: string;
  /** whose events: both null are those of all apps */
  app: string | null;
  campaignId: string | null;
  url: string;
  description: string;
  types: EventType[];
  format: 'standard' | 'slack' | 'teams';
  /** Each signs until then, null is for good. Two of them while a receiver changes over. */
  secrets: { secret: string; until: number | null }[];
  createdAt: number;
  /** why nothing is posted to it any more */
  disabled: { reason: string; at: number } | null;
  /** since when every attempt has failed */
  failingSince: number | null;
  /** of the API when it was registered, for links */
  origin: string;
}

export interface DeliveryAttempt {
  at: number;
  ms: number;
  /** null: no answer came, for this reason */
  status: number | null;
  error: string | null;
}

/** An event on its way to one webhook. */
export interface WebhookDelivery {
  id: string;
  webhookId: string;
  event: CampaignEvent;
  state: 'pending' | 'delivered' | 'failed';
  createdAt: number;
  /** it is retried until three days after that; later than `createdAt` if it was replayed */
  begunAt: number;
  /** how often it was tried: the fence of the worker that tries it */
  tries: number;
  /** the latest; the oldest are dropped */
  attempts: DeliveryAttempt[];
  /** of the next attempt */
  nextAt: number | null;
  /** why it was queued again since it was last tried: only that task, and what follows it, counts */
  task?: string;
}
