/** Under what webhooks are found. */

import type { Webhook } from '../ports.ts';

/** An app's name may be anything, so it comes last. */
export const webhookKey = ({ app, campaignId }: Pick<Webhook, 'app' | 'campaignId'>) =>
  campaignId !== null ? `campaign ${campaignId}` : app !== null ? `app ${app}` : 'all';

/** Of what is wanted by the app's, the campaign's and everybody's. */
export const webhookKeys = (app: string | null, campaignId: string): [string, string, string] => [
  'all',
  app === null ? 'all' : webhookKey({ app, campaignId: null }),
  webhookKey({ app: null, campaignId }),
];
