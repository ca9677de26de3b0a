/**
 * The answers for which something must have happened before: each is made to come, by its operation
 * and status. Whatever a call needs it makes itself, so that none depends on another.
 */

import { hash } from 'node:crypto';
import { MAX_KEYS } from '../../functions/http/keys.ts';
import { webhookEvent } from '../../functions/model/campaign-events.ts';
import type { Scope } from '../../functions/model/key.ts';
import { newDelivery } from '../../functions/webhooks/fan-out.ts';
import { MAX_WEBHOOKS } from '../../functions/webhooks/webhook.ts';
import { type Fixture, failAll, jsonOf, NOW } from './fixture.ts';

/** `example` is what the document shows of an operation's body. */
export type Situation = Fixture & { example(operationId: string): object };
type Situations = Record<string, (it: Situation) => Promise<Response> | Response>;

const TOO_MUCH = { message: { title: 'Hallo', body: 'too much' } };
const LATER = { schedule: { at: '2030-12-24T18:00:00Z' } };

const idOf = async (response: ReturnType<Fixture['ask']>) =>
  (await jsonOf<{ id: string }>(await response)).id;

const campaign = ({ ask, example }: Situation, more: object = {}) =>
  idOf(ask('POST', '/v1/campaigns', { ...example('sendCampaign'), ...more }));

async function cancelled(it: Situation) {
  const id = await campaign(it, LATER);
  await it.ask('POST', `/v1/campaigns/${id}/cancel`);
  return id;
}

/** It is closed, and one failure is worth another try. */
async function failed(it: Situation) {
  const id = await campaign(it);
  await failAll(it.store, id, ['token-1'], 'retry');
  await it.store.moveCampaign({ id, from: ['running'], to: 'completed', reason: null, at: NOW });
  return id;
}

async function device({ ask, example }: Situation) {
  await ask('PUT', '/v1/installations/device-1', example('putInstallation'));
}

/** A schedule that has ended. */
async function ended({ ask, store, example }: Situation) {
  const id = await idOf(ask('POST', '/v1/schedules', example('addSchedule')));
  const it = (await store.getSchedule(id))!;
  await store.putSchedule({ ...it, state: 'ended', nextAt: null, version: 1 }, it.version);
  return id;
}

/** The path of a delivery to a webhook that is on. */
async function delivery({ ask, store, example }: Situation) {
  const webhookId = await idOf(ask('POST', '/v1/webhooks', example('addWebhook')));
  const event = webhookEvent('webhook.test', { webhookId, app: null }, NOW, { webhookId });
  const it = newDelivery(webhookId, event, NOW);
  await store.createDeliveries([it]);
  return { webhook: `/v1/webhooks/${webhookId}`, id: it.id };
}

const segment = { audience: { segment: 'passing' } };

/** Makes a segment for as long as `work` takes. */
async function withSegment<T>({ ask, example }: Situation, work: () => Promise<T>): Promise<T> {
  await ask('PUT', '/v1/segments/passing', example('putSegment'));
  const made = await work();
  await ask('DELETE', '/v1/segments/passing');
  return made;
}

/** The same key with another body. */
async function twice(
  { ask, example }: Situation,
  path: string,
  operationId: string,
  other: object = { message: { title: 'Another' } },
) {
  const key = { 'Idempotency-Key': `twice ${operationId}` };
  await ask('POST', path, example(operationId), key);
  return ask('POST', path, { ...example(operationId), ...other }, key);
}

export const successes: Situations = {
  'pauseCampaign 200': async (it) => it.ask('POST', `/v1/campaigns/${await campaign(it)}/pause`),
  async 'resumeCampaign 200'(it) {
    const id = await campaign(it);
    await it.ask('POST', `/v1/campaigns/${id}/pause`);
    return it.ask('POST', `/v1/campaigns/${id}/resume`);
  },
  'retryFailures 202': async (it) =>
    it.ask('POST', `/v1/campaigns/${await failed(it)}/retry-failures`),
  async 'followCampaign 204'(it) {
    const path = `/v1/campaigns/${await cancelled(it)}/events`;
    const { last } = await jsonOf<{ last: string }>(await it.ask('GET', `${path}?wait=0`));
    return it.ask('GET', path, undefined, { 'Last-Event-ID': last });
  },
  'sendMessage 200': ({ ask, example }) =>
    ask('POST', '/v1/messages?wait=30', {
      ...example('sendMessage'),
      userIds: ['without a device'],
    }),
  async 'testCampaign 200'(it) {
    await device(it);
    return it.ask('POST', '/v1/campaigns:test', { ...it.example('testCampaign'), dryRun: true });
  },
  // the embedded engine has no topic
  async 'publishRows 200'(it) {
    const { events } = it.ports;
    it.ports.events = { isTopic: true, publish: async () => {} };
    const answer = await it.ask('POST', `/v1/campaigns/${await failed(it)}/export`);
    it.ports.events = events;
    return answer;
  },
  async 'changeInstallation 204'(it) {
    await device(it);
    const body = { name: 'in the app', scopes: ['register'] satisfies Scope[], app: 'default' };
    const { key } = await jsonOf<{ key: string }>(await it.ask('POST', '/v1/keys', body));
    const headers = { Authorization: `Bearer ${key}` };
    const change = it.example('changeInstallation');
    return it.ask('PATCH', '/v1/installations/device-1', change, headers);
  },
  // a store that has not looked through all campaigns yet
  'eraseUser 202'({ ask, apiOver, store }) {
    const eraseUser: typeof store.eraseUser = async (...asked) => ({
      ...(await store.eraseUser(...asked)),
      next: 'the next campaign',
    });
    return ask('DELETE', '/v1/users/user-7', undefined, {}, apiOver({ eraseUser }));
  },
  async 'getRecipient 200'(it) {
    await device(it);
    return it.ask('GET', `/v1/campaigns/${await campaign(it)}/recipients/device-1`);
  },
  async 'replayFailedPing 202'({ ask, store, example }) {
    await ask('PUT', '/v1/triggers/failing', example('putTrigger'));
    const ping = { trigger: 'failing', body: btoa('{'), id: null, at: NOW, key: 'a', faults: [] };
    await store.putFailedPing(ping);
    return ask('POST', '/v1/triggers/failing/failed/a:replay');
  },
  async 'replayDelivery 202'(it) {
    const { webhook, id } = await delivery(it);
    return it.ask('POST', `${webhook}/deliveries/${id}:replay`);
  },
};

/** What a call says no to although it is well formed, and what it names is there. */
export const refusals: Situations = {
  'pruneInstallations 404': ({ ask, example }) =>
    ask('POST', '/v1/installations:prune', {
      ...example('pruneInstallations'),
      run: 'never-begun',
    }),
  'pauseCampaign 409': async (it) => it.ask('POST', `/v1/campaigns/${await cancelled(it)}/pause`),
  'resumeCampaign 409': async (it) => it.ask('POST', `/v1/campaigns/${await campaign(it)}/resume`),
  'cancelCampaign 409': async (it) => it.ask('POST', `/v1/campaigns/${await cancelled(it)}/cancel`),
  'rescheduleCampaign 409': async (it) =>
    it.ask('PUT', `/v1/campaigns/${await campaign(it)}/schedule`, it.example('rescheduleCampaign')),
  'rescheduleCampaign 422': async (it) =>
    it.ask('PUT', `/v1/campaigns/${await campaign(it, LATER)}/schedule`, {
      at: '2026-01-01T00:00:00Z',
    }),
  async 'exportCampaign 409'(it) {
    const api = it.apiOver({ isKept: async () => false });
    return it.ask('GET', `/v1/campaigns/${await failed(it)}/export`, undefined, {}, api);
  },
  'retryFailures 409': async (it) =>
    it.ask('POST', `/v1/campaigns/${await campaign(it)}/retry-failures`),
  'sendCampaign 409': (it) => twice(it, '/v1/campaigns', 'sendCampaign'),
  'sendCampaign 422': ({ ask, example }) =>
    ask('POST', '/v1/campaigns', { ...example('sendCampaign'), ...TOO_MUCH }),
  'sendMessage 409': (it) => twice(it, '/v1/messages', 'sendMessage'),
  'sendMessage 422': ({ ask, example }) =>
    ask('POST', '/v1/messages', { ...example('sendMessage'), ...TOO_MUCH }),
  'renderMessage 422': ({ ask, example }) =>
    ask('POST', '/v1/messages:render', { ...example('renderMessage'), app: 'other' }),
  'testCampaign 422': ({ ask, example }) =>
    ask('POST', '/v1/campaigns:test', example('sendCampaign')),
  async 'createKey 409'({ ask, store, example }) {
    const names = Array.from({ length: MAX_KEYS }, (_, n) => `key ${n}`);
    await Promise.all(
      names.map((name) => store.putKey({ hash: hash('sha256', name), name, scopes: ['read'] })),
    );
    return ask('POST', '/v1/keys', example('createKey'));
  },
  async 'revokeKey 409'({ ask }) {
    const { items } = await jsonOf<{ items: { id: string; scopes: Scope[] }[] }>(
      await ask('GET', '/v1/keys'),
    );
    const own = items.find((it) => it.scopes.includes('admin'))!;
    return ask('DELETE', `/v1/keys/${own.id}`);
  },
  'addSchedule 409': (it) => twice(it, '/v1/schedules', 'addSchedule', { name: 'Another' }),
  'addSchedule 422': ({ ask, example }) =>
    ask('POST', '/v1/schedules', { ...example('addSchedule'), until: '2026-01-01T00:00:00Z' }),
  async 'changeSchedule 422'({ ask, example }) {
    const id = await idOf(ask('POST', '/v1/schedules', example('addSchedule')));
    const until = '2026-01-01T00:00:00Z';
    return ask('PUT', `/v1/schedules/${id}`, { ...example('changeSchedule'), until });
  },
  'pauseSchedule 409': async (it) => it.ask('POST', `/v1/schedules/${await ended(it)}/pause`),
  'resumeSchedule 409': async (it) => it.ask('POST', `/v1/schedules/${await ended(it)}/resume`),
  async 'runSchedule 422'(it) {
    const request = { ...it.example('sendCampaign'), ...segment };
    const body = { ...it.example('addSchedule'), campaign: request };
    const id = await withSegment(it, () => idOf(it.ask('POST', '/v1/schedules', body)));
    return it.ask('POST', `/v1/schedules/${id}/run`);
  },
  'putTrigger 422': ({ ask, example }) =>
    ask('PUT', '/v1/triggers/orders', { ...example('putTrigger'), ...TOO_MUCH }),
  async 'addWebhook 409'({ ask, example }) {
    const body = { ...example('addWebhook'), app: 'crowded' };
    for (let n = 0; n < MAX_WEBHOOKS; n++) await ask('POST', '/v1/webhooks', body);
    return ask('POST', '/v1/webhooks', body);
  },
  async 'replayDelivery 409'(it) {
    const { webhook, id } = await delivery(it);
    await it.ask('PATCH', webhook, { enabled: false });
    return it.ask('POST', `${webhook}/deliveries/${id}:replay`);
  },
};
