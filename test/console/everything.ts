/** A server with one of everything that the console shows, each text as long as its caller says. */

import { createClient } from '../../functions/cli/client/client.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { Scope } from '../../functions/model/key.ts';
import type { Console } from './console.ts';

/** The text of a field that takes so many characters. */
export type TextOf = (field: string, most: number) => string;

export interface ScreenCase {
  /** below `/console/` */
  path: string;
  /** scopes of which one is needed to see anything of it */
  needs: Scope[];
  /** fields whose texts are seen on it, at any width */
  shows: string[];
}

const LOOK: Scope[] = ['read', 'campaigns'];
const TOKEN = 'ab'.repeat(32);
const proofSecret = '0123456789abcdef';

/** Gives the screens that show what was made. */
export async function fillEverything(all: Console, text: TextOf): Promise<ScreenCase[]> {
  const { client } = all;
  await all.fill(20);
  const { key } = await client.post<{ key: string }>('/v1/keys', {
    name: text('key', 64),
    scopes: ['campaigns'],
  });
  const own = createClient(all.server.url, key);
  await client.post('/v1/keys', {
    name: text('phone key', 64),
    scopes: ['register'],
    app: text('app', 64),
  });
  const tag = text('tag', 128);
  const device = {
    platform: 'ios',
    token: TOKEN,
    userId: text('user', 128),
    language: 'de-Latn-DE-1996',
    timeZone: 'America/Argentina/ComodRivadavia',
    country: 'CH',
    appVersion: text('version', 64),
    tags: [tag],
    attributes: { [text('attribute', 64)]: text('value', 256), n: 1e21 },
  };
  await client.put('/v1/installations/phone-1', device);
  const message = {
    title: text('title', 400),
    subtitle: text('subtitle', 150),
    body: text('body', 700),
    data: { [text('data', 128)]: text('datum', 150) },
    literal: true,
  };
  const campaign = {
    name: text('name', 200),
    audience: {
      or: [
        { tags: [tag] },
        { attributes: { [text('attribute', 64)]: 'x' } },
        { platform: 'android' },
      ],
    },
    message,
  };
  // to a device alone, so that it is closed and explained
  const mine = await own.post<CampaignView>('/v1/campaigns', {
    ...campaign,
    audience: { installationIds: ['phone-1'] },
    // as much as a payload of APNs holds
    message: { body: text('long body', 2_400), literal: true },
  });
  const { id } = await own.post<CampaignView>('/v1/campaigns', {
    ...campaign,
    rate: { perMinute: 60 },
  });
  await own.post(`/v1/campaigns/${id}/pause`);
  const at = new Date(Date.now() + 3_600_000).toISOString();
  await own.post('/v1/campaigns', { ...campaign, name: text('once', 200), schedule: { at } });
  // still to come everywhere, and on the calendar before most runs
  const local = new Date(Date.now() + 20 * 3_600_000).toISOString().slice(0, 16);
  const waiting = await own.post<CampaignView>('/v1/campaigns', {
    ...campaign,
    name: text('local', 200),
    schedule: { local },
  });
  await client.put('/v1/segments/vip', { audience: { tags: [tag] } });
  const schedule = await client.post<{ id: string }>('/v1/schedules', {
    name: text('schedule', 200),
    cron: '30 9 * * *',
    timeZone: 'Europe/Berlin',
    campaign,
  });
  const hook = await client.post<{ id: string }>('/v1/webhooks', {
    url: `http://127.0.0.1:9/${encodeURIComponent(text('path', 400))}`,
    description: text('description', 200),
    app: text('app', 64),
  });
  await client.post(`/v1/webhooks/${hook.id}:test`);
  await client.put('/v1/triggers/orders', {
    proof: { kind: 'token', in: 'header', name: 'X-Token', secret: proofSecret },
    audience: { installationIds: ['{{device}}'] },
    message: { title: `{{title}} ${text('pattern', 200)}` },
  });
  const ping = (body: object) =>
    fetch(`${all.server.url}/v1/triggers/orders`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Token': proofSecret },
      body: JSON.stringify(body),
    });
  await ping({ device: 'phone-1', title: text('ping', 200) });
  await ping({ device: text('no device', 100), title: text('ping', 200) });
  // both have one, whatever the simulators say of its token
  await client.put('/v1/installations/phone-1', device);
  const now = new Date().toISOString();
  await client.post('/v1/receipts', {
    receipts: (['delivered', 'opened', 'dismissed'] as const).map((kind) => ({
      installationId: 'phone-1',
      campaignId: mine.id,
      kind,
      at: now,
    })),
  });
  await own.post('/v1/apps/default/pause');
  return [
    { path: '', needs: LOOK, shows: ['name'] },
    { path: `campaigns/${id}`, needs: LOOK, shows: ['name', 'title', 'body', 'tag', 'key'] },
    { path: `campaigns/${mine.id}`, needs: LOOK, shows: ['name', 'long body', 'key'] },
    { path: `campaigns/${waiting.id}`, needs: LOOK, shows: ['local', 'title', 'body', 'tag'] },
    { path: `compose?from=${id}`, needs: LOOK, shows: ['title', 'body'] },
    { path: 'devices', needs: [], shows: [] },
    {
      path: 'devices/phone-1',
      needs: [],
      shows: ['user', 'version', 'tag', 'attribute', 'value', 'name'],
    },
    { path: 'schedules', needs: LOOK, shows: ['schedule', 'once', 'local'] },
    { path: `schedules/${schedule.id}`, needs: LOOK, shows: ['schedule', 'title', 'tag'] },
    { path: 'webhooks', needs: [], shows: ['description'] },
    { path: `webhooks/${hook.id}`, needs: [], shows: ['description', 'app'] },
    { path: 'webhooks/inbound/orders', needs: [], shows: ['pattern', 'ping', 'no device'] },
    { path: 'keys', needs: [], shows: ['key', 'phone key', 'app'] },
    { path: 'health', needs: [], shows: ['key'] },
  ];
}
