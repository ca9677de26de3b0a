/** Keys under which webhooks are found, and times at which their deliveries are overdue. */

import { LOST_AFTER_MS } from '../model/timing.ts';
import type { Webhook, WebhookDelivery } from '../model/webhook.ts';

/** An app's name may be anything, so it comes last. */
export const webhookKey = ({ app, campaignId }: Pick<Webhook, 'app' | 'campaignId'>) =>
  campaignId !== null ? `campaign ${campaignId}` : app !== null ? `app ${app}` : 'all';

/** The keys of all webhooks that get an event of this campaign. */
export const webhookKeys = (app: string | null, campaignId: string): [string, string, string] => [
  'all',
  app === null ? 'all' : webhookKey({ app, campaignId: null }),
  webhookKey({ app: null, campaignId }),
];

/** When a delivery that is not over has lost its task. */
export const lostAt = ({ state, nextAt }: Pick<WebhookDelivery, 'state' | 'nextAt'>) =>
  state === 'pending' && nextAt !== null ? nextAt + LOST_AFTER_MS : null;

/** A delivery is retried for three days, so it is kept that long at least. */
export const DELIVERY_DAYS = 4;
