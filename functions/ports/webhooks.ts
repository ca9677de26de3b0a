/** Webhooks, and the events on their way to them. */

import type { EventType } from '../model/events.ts';
import type { CampaignEvent } from './events.ts';
import type { Page } from './page.ts';

/** Where events are to be posted. */
export interface Webhook {
  id: string;
  /** whose events: both null is everybody's */
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
  /** how often it was tried: the fence of who tries it */
  tries: number;
  /** the latest; the oldest are dropped */
  attempts: DeliveryAttempt[];
  /** of the next attempt */
  nextAt: number | null;
  /** why it was queued again since it was last tried: only that task, and what follows it, counts */
  task?: string;
}

export interface Webhooks {
  /** 'full': its key has as many as it may have, `max`. */
  addWebhook(webhook: Webhook, max: number): Promise<'added' | 'full'>;
  getWebhook(id: string): Promise<Webhook | null>;
  /** newest first */
  listWebhooks(after: string | null, limit: number): Promise<Page<Webhook>>;
  /**
   * Read, changed and written with nobody in between; `change` may be called several times. Null from
   * it leaves all as it is. Events are stored in the same write. Null: there is no such webhook.
   */
  changeWebhook(
    id: string,
    change: (it: Webhook) => { webhook: Webhook; events?: CampaignEvent[] } | null,
  ): Promise<Webhook | null>;
  deleteWebhook(id: string): Promise<boolean>;
  /** Those that are on, and for all, for this app, or for this campaign. */
  webhooksFor(app: string | null, campaignId: string): Promise<Webhook[]>;
  /** One that is there already stays as it is. */
  createDeliveries(deliveries: WebhookDelivery[]): Promise<void>;
  getDelivery(id: string): Promise<WebhookDelivery | null>;
  /** Compare and set, without its `task`: false, and nothing written, unless it was tried so often. */
  putDelivery(delivery: WebhookDelivery, triedBefore: number): Promise<boolean>;
  /** newest first; kept as long as what campaigns know of their recipients, and while they are retried */
  listDeliveries(
    webhookId: string,
    after: string | null,
    limit: number,
  ): Promise<Page<WebhookDelivery>>;
}
