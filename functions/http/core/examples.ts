/** The examples of JSON bodies in the OpenAPI document, by call; a test sends each of them. */

const message = { title: 'Spring is here', body: 'Half price until Sunday.' };
const campaign = {
  name: 'Spring sale',
  audience: { platform: ['ios', 'android'], language: 'en' },
  message: { ...message, data: { screen: 'sale' }, ttlSeconds: 86_400 },
};
const named = { name: 'To me', audience: { userIds: ['user-7'] }, message };
const schedule = {
  name: 'Morning',
  cron: '30 9 * * 1-5',
  timeZone: 'Europe/Berlin',
  campaign,
};
const types = ['campaign.completed', 'campaign.failed'];

const examples: Record<string, unknown> = {
  'post /v1/campaigns': campaign,
  'post /v1/campaigns:test': named,
  'post /v1/campaigns:check': campaign,
  'put /v1/campaigns/{id}/schedule': { at: '2030-12-24T18:00:00+01:00' },
  'post /v1/messages': { userIds: ['user-7'], message: { title: 'Your order is on its way' } },
  'post /v1/messages:render': {
    platform: 'ios',
    language: 'en',
    message: { title: 'Good morning, {{name|friend}}', link: 'shop://sale' },
    attributes: { name: 'Ada' },
  },
  'post /v1/audiences:estimate': { audience: campaign.audience, message },
  'put /v1/apps/{app}/policy': { receipts: { enabled: true, delivered: 0.02 } },
  'put /v1/segments/{name}': { audience: { tags: ['vip'], lastSeen: { withinDays: 30 } } },
  'put /v1/installations/{id}': {
    platform: 'ios',
    token: 'a1'.repeat(32),
    language: 'en',
    timeZone: 'Europe/Berlin',
    userId: 'user-7',
    tags: ['vip'],
    attributes: { plan: 'pro' },
  },
  'patch /v1/installations/{id}': { language: 'pt-BR', userId: null },
  'put /v1/installations/{id}/badge': { count: 0 },
  'post /v1/installations:find': { token: 'A1'.repeat(32) },
  'post /v1/installations:prune': { run: 'devices-2026-11-21', dryRun: true },
  'post /v1/installations:normalize': { after: 'shop/device-1' },
  'post /v1/receipts': {
    receipts: [
      {
        installationId: 'device-1',
        campaignId: '8f3c1d2e4b5a69788c9d',
        kind: 'opened',
        at: '2026-11-21T13:00:00Z',
      },
    ],
  },
  'post /v1/keys': { name: 'shop-backend', scopes: ['campaigns', 'read'] },
  'post /v1/schedules': schedule,
  'post /v1/schedules:check': schedule,
  'put /v1/schedules/{id}': { ...schedule, cron: '0 8 * * *' },
  'put /v1/triggers/{name}': {
    proof: { kind: 'github', secret: '0123456789abcdef' },
    audience: { userIds: ['{{order.buyer}}'] },
    message: { title: 'Order {{order.number}}' },
  },
  'post /v1/triggers/{name}': { order: { buyer: 'user-7', number: 17 } },
  'post /v1/webhooks': { url: 'https://example.com/hooks/volley', types },
  'patch /v1/webhooks/{id}': { enabled: true },
};

/** The example of a call, to be spread into a media type; empty if it has none. */
export function exampleOf(method: string, path: string): { example?: unknown } {
  const example = examples[`${method} ${path}`];
  return example === undefined ? {} : { example };
}
