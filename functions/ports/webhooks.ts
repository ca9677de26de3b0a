/** Webhooks, and the deliveries of events to them. */

import type { CampaignEvent } from '../model/event.ts';
import type { Webhook, WebhookDelivery } from '../model/webhook.ts';
import type { Page } from './page.ts';

export interface Webhooks {
  /** 'full' if its app or campaign has `max` webhooks already; then nothing is stored. */
  addWebhook(webhook: Webhook, max: number): Promise<'added' | 'full'>;
  /** Null if there is no such webhook. */
  getWebhook(id: string): Promise<Webhook | null>;
  /** Lists webhooks, newest first. Throws `BadCursor` for a cursor that is not from this list. */
  listWebhooks(after: string | null, limit: number): Promise<Page<Webhook>>;
  /**
   * Reads, changes and writes a webhook in one transaction, with the events of the change. `change` may be
   * called several times; if it gives null, nothing changes. Null if there is no such webhook.
   */
  changeWebhook(
    id: string,
    change: (it: Webhook) => { webhook: Webhook; events?: CampaignEvent[] } | null,
  ): Promise<Webhook | null>;
  /** False if there is no such webhook. */
  deleteWebhook(id: string): Promise<boolean>;
  /** The enabled webhooks for all apps, for this app, or for this campaign. */
  webhooksFor(app: string | null, campaignId: string): Promise<Webhook[]>;
  /** Stores new deliveries. One that is stored already stays as it is. */
  createDeliveries(deliveries: WebhookDelivery[]): Promise<void>;
  /** Null if there is no such delivery, or it has expired. */
  getDelivery(id: string): Promise<WebhookDelivery | null>;
  /**
   * Replaces a delivery, without its `task`, if it was tried `triedBefore` times; else false,
   * nothing written.
   */
  putDelivery(delivery: WebhookDelivery, triedBefore: number): Promise<boolean>;
  /**
   * Lists deliveries, newest first. They are kept as long as the recipients of campaigns, and while
   * they are retried.
   */
  listDeliveries(
    webhookId: string,
    after: string | null,
    limit: number,
  ): Promise<Page<WebhookDelivery>>;
}
