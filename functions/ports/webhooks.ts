/** Webhooks, and the events on their way to them. */

import type { CampaignEvent } from '../model/event.ts';
import type { Webhook, WebhookDelivery } from '../model/webhook.ts';
import type { Page } from './page.ts';

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
