/** Webhooks, and the deliveries of events to them. */

import type { CampaignEvent, EventType } from './event.ts';

export const formats = ['standard', 'slack', 'teams'] as const;

/** Types of events that a chat can get, as a report. */
export const chatTypes: EventType[] = ['campaign.completed', 'campaign.failed', 'campaign.paused'];

/** Why a webhook of a format cannot get these types; no faults if it can. */
export const chatFaults = (format: Webhook['format'], types: EventType[]): string[] =>
  format === 'standard'
    ? []
    : types
        .filter((it) => !chatTypes.includes(it))
        .map((it) => `${it} is not for a chat; ${chatTypes.join(', ')} are`);

/** Where events are to be posted. */
export interface Webhook {
  id: string;
  /** it gets the events of this app, or of this campaign; if both are null, of all apps */
  app: string | null;
  campaignId: string | null;
  url: string;
  description: string;
  types: EventType[];
  format: 'standard' | 'slack' | 'teams';
  /**
   * each signs until `until` (ms since the epoch; null: for ever); two while a receiver changes its
   * secret
   */
  secrets: { secret: string; until: number | null }[];
  createdAt: number;
  /** why nothing is posted to it any more */
  disabled: { reason: string; at: number } | null;
  /** when the first of the failures in a row was, ms since the epoch; null: the last attempt succeeded */
  failingSince: number | null;
  /** origin of the API when the webhook was registered, for links */
  origin: string;
}

interface DeliveryAttempt {
  at: number;
  ms: number;
  /** null: no answer came, for this reason */
  status: number | null;
  error: string | null;
}

/** The delivery of an event to one webhook. */
export interface WebhookDelivery {
  id: string;
  webhookId: string;
  event: CampaignEvent;
  state: 'pending' | 'delivered' | 'failed';
  createdAt: number;
  /** it is retried until three days after this time; later than `createdAt` if it was replayed */
  begunAt: number;
  /** number of attempts; it fences the writes of the worker that tries */
  tries: number;
  /** the latest attempts; older ones are dropped */
  attempts: DeliveryAttempt[];
  /** time of the next attempt, ms since the epoch; null: there is none */
  nextAt: number | null;
  /** why it was queued again since its last attempt: only that task, and its successors, are valid */
  task?: string;
}
