/** What people read where the API has JSON: audiences, as Compose's rows say them. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { holds, until } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import {
  assertLooksWell,
  type Console,
  goTo,
  looks,
  openPage,
  shown,
  startConsole,
} from './console.ts';

const HOUR_MS = 3_600_000;
const narrow = looks.filter((it) => it.width === 390);
const message = { title: 'Spring is here' };

/** A campaign that waits, so that only its page is of interest. */
const waiting = ({ client }: Console, audience: object, more: object = {}) =>
  client.post<CampaignView>('/v1/campaigns', {
    name: 'Spring sale',
    audience,
    message,
    schedule: { at: new Date(Date.now() + HOUR_MS).toISOString() },
    ...more,
  });

const closed = ({ client }: Console, { id }: { id: string }) =>
  until(async () => (await client.get<CampaignView>(`/v1/campaigns/${id}`)).closedAt !== null);

/** The lines of what a page says of its audience: a list's items one by one. */
async function audienceOn(page: Page): Promise<string[]> {
  const value = page
    .locator('dt', { hasText: /^Audience$/ })
    .locator('xpath=following-sibling::dd[1]');
  const text = await value.innerText();
  return text
    .split('\n')
    .map((it) => it.trim())
    .filter(Boolean);
}

suite('audiences in words', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('each kind of condition is said as Compose says it, and tokens are only counted', async (t) => {
    const it = await startConsole(t);
    await it.fill(4);
    await it.client.put('/v1/segments/vip', { audience: { tags: ['vip'] } });
    const earlier = await it.client.post<CampaignView>('/v1/campaigns', {
      name: 'Winter sale',
      audience: { everybody: true },
      message,
    });
    await closed(it, earlier);
    const { id: upload } = await it.client.upload<{ id: string }>(
      '/v1/audiences',
      'text/plain',
      Readable.from([Buffer.from('d0\nd1\n')]),
    );
    const token = 'ab'.repeat(32);
    const users = Array.from({ length: 12 }, (_, i) => `user-${i}`);
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    const said = async (audience: object) => {
      const { id } = await waiting(it, audience);
      await goTo(page, it, `campaigns/${id}`);
      await page.getByRole('heading', { name: 'Message and audience' }).waitFor();
      return audienceOn(page);
    };
    assert.deepEqual(await said({ everybody: true }), ['Everybody']);
    assert.deepEqual(await said({ segment: 'vip' }), ['Segment vip']);
    assert.deepEqual(await said({ topic: 'news' }), ['Topic of FCM news']);
    assert.deepEqual(await said({ upload, platform: 'ios' }), [
      'All of these',
      'Platform is iPhone',
      `Uploaded list ${upload}`,
    ]);
    assert.deepEqual(await said({ tokens: [token], unregistered: { platform: 'ios' } }), [
      'All of these',
      'Token is the one that is named',
      'Tokens that no device has are taken for iPhone, production',
    ]);
    assert.deepEqual(
      await said({
        language: ['de', 'pt-BR'],
        tags: { any: ['news', 'beta'], none: ['quiet'] },
        attributes: { plan: 'pro', city: { exists: false }, age: { '>=': 18 }, n: { in: [1, 2] } },
        lastSeen: { withinDays: 30, before: '2026-12-01T00:00:00Z' },
        userIds: users,
        opened: { campaign: earlier.id },
        or: [{ country: 'DE', appVersion: '>=2' }, { not: { permission: 'denied' } }],
        not: { or: [{ timeZone: 'Asia/Tokyo' }, { notOpened: { campaign: earlier.id } }] },
      }),
      [
        'All of these',
        'Language is de, pt-BR',
        'Tags any of news, beta',
        'Tags none of quiet',
        `User ID is ${users.slice(0, 10).join(', ')}, 2 more`,
        'Attribute plan is pro',
        'Attribute city is not there',
        'Attribute age at least 18',
        'Attribute n one of 1, 2',
        'Last seen before Dec 1, 2026, 1:00:00 AM',
        'Last seen in the last 30 days',
        `Opened a campaign ${earlier.id}`,
        'Any of these',
        'All of these',
        'App version is >=2',
        'Country is DE',
        'Permission is not denied',
        'None of these',
        'Time zone is Asia/Tokyo',
        `Got a campaign, did not open it ${earlier.id}`,
      ],
    );
    await page.setViewportSize({ width: 390, height: 844 });
    await assertLooksWell(page);
    await page.getByRole('link', { name: earlier.id }).first().click();
    await page.getByRole('heading', { name: 'Winter sale' }).waitFor();
  });

  test('a retry says which failures it is for, and leads there', async (t) => {
    const it = await startConsole(t, {
      fcm: { unavailable: { share: 1, retryAfterSeconds: 1 } },
      apns: { unavailable: { share: 1, retryAfterSeconds: 1 } },
    });
    await it.fill(1);
    const first = await it.client.post<CampaignView>('/v1/campaigns', {
      name: 'Spring sale',
      audience: { language: 'de' },
      message: { ...message, ttlSeconds: 1 },
    });
    await closed(it, first);
    const retry = await it.client.post<CampaignView>(
      `/v1/campaigns/${first.id}/retry-failures`,
      undefined,
    );
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await goTo(page, it, `campaigns/${retry.id}`);
    await page.getByRole('heading', { name: 'Message and audience' }).waitFor();
    assert.deepEqual(await audienceOn(page), [
      `Failures of ${first.id}, whose audience was:`,
      'Language is de',
    ]);
    await page.getByRole('link', { name: first.id }).click();
    await page.getByRole('heading', { name: 'Spring sale', exact: true }).waitFor();
  });

  test('schedules, triggers and devices have words too, and hostile text is text', async (t) => {
    const it = await startConsole(t);
    const hostile = `<img src=x>\u202e${'w'.repeat(100)}`;
    const audience = { or: [{ tags: [hostile] }, { attributes: { constructor: hostile } }] };
    const { id } = await it.client.post<{ id: string }>('/v1/schedules', {
      name: 'Morning',
      cron: '0 9 * * *',
      timeZone: 'Europe/Berlin',
      campaign: { name: 'Morning', audience, message },
    });
    const trigger = (name: string, given: object) =>
      it.client.put(`/v1/triggers/${name}`, {
        proof: { kind: 'token', in: 'header', name: 'X-Token', secret: '0123456789abcdef' },
        audience: given,
        message: { title: 'Hello {{name}}', data: { order: '{{order}}' } },
      });
    await trigger('orders', { or: [{ tags: [hostile] }, { userIds: ['{{user.id}}'] }] });
    await it.client.put('/v1/installations/phone-1', {
      platform: 'ios',
      token: 'ab'.repeat(32),
      attributes: { plan: 'pro', [hostile.slice(0, 60)]: true },
    });
    const { page } = await openPage(t, browser, it.server.consoleUrl(), { width: 390 });
    const look = async (path: string, text: string) => {
      await goTo(page, it, path);
      await shown(page);
      await page.getByText(text).first().waitFor();
      await holds(async () => assert.equal(await page.locator('main img').count(), 0));
      await assertLooksWell(page, narrow);
    };
    await look(`schedules/${id}`, 'Attribute constructor is <img src=x>');
    await look('webhooks/inbound/orders', 'User ID is {{user.id}}');
    await page.getByText('All of it, as JSON').click();
    await page.getByText('"order": "{{order}}"').waitFor();
    await look('devices/phone-1?app=default', 'plan pro');
  });
});
