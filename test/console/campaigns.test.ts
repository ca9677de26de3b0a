import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { assertLooksWell, axeViolations, openPage, startConsole } from './console.ts';

const message = { title: 'Spring is here', body: 'Half price until Sunday.' };
const campaign = { audience: { everybody: true }, message };

suite('the list of campaigns', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('three steps lead from nothing to the first campaign, by the keyboard alone', async (t) => {
    const { server } = await startConsole(t);
    const { page } = await openPage(t, browser, server.consoleUrl());
    const press = async (name: string) => {
      await page.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
    };
    await page.getByRole('heading', { name: 'From nothing to the first push' }).waitFor();
    await press('Add 1,000 made-up devices');
    await page.getByText('1,000 devices are registered.').waitFor();
    await press('Send a test');
    await page.getByText('A test was sent.').waitFor();
    await holds(async () => {
      assert.equal(await page.getByRole('listitem').filter({ hasText: '(Done)' }).count(), 2);
    });
    await page.getByRole('link', { name: 'Compose a campaign' }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
  });

  test('rows that were rejected are named, and a wrong device is told at its field', async (t) => {
    const { server } = await startConsole(t);
    const { page, allow } = await openPage(t, browser, server.consoleUrl());
    allow(/422/);
    await page.getByRole('button', { name: 'Choose a file' }).waitFor();
    await page.locator('input[type=file]').setInputFiles({
      name: 'devices.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('id,platform,token\none,ios,short\n'),
    });
    await page.getByText('Line 2: token:').waitFor();
    await page.locator('input[type=file]').setInputFiles({
      name: 'devices.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`id,platform,token\none,ios,${'a1'.repeat(32)}\n`),
    });
    const field = page.getByRole('textbox', { name: 'Id of the device' });
    await field.fill('another');
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('has no recipients: the test would reach no device').waitFor();
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    await field.fill('one');
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('A test was sent.').waitFor();
  });

  test('campaigns are found by text and state; an open one is updated', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(20);
    const at = new Date(Date.now() + 3_600_000).toISOString();
    await client.post('/v1/campaigns', { ...campaign, name: 'Winter', schedule: { at } });
    const { id } = await client.post<CampaignView>('/v1/campaigns', {
      ...campaign,
      name: 'Spring',
    });
    const { page } = await openPage(t, browser, server.consoleUrl());
    const row = (name: string) =>
      page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
    // however long it takes: the list is read until nothing is sent any more
    await row('Spring').getByText('Completed').filter({ visible: true }).waitFor();
    await row('Spring').getByText('100 %').waitFor();

    await page.getByRole('searchbox').fill('wint');
    await row('Spring').waitFor({ state: 'detached' });
    await row('Winter')
      .getByText(/in (1 hour|\d+ minutes)/)
      .waitFor();
    await page.getByRole('searchbox').fill('nothing of that name');
    await page.getByRole('heading', { name: 'No campaign matches' }).waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await row('Spring').waitFor();
    assert.equal(await page.getByRole('searchbox').inputValue(), '');
    await page.getByRole('combobox', { name: 'State' }).selectOption('Scheduled');
    await row('Spring').waitFor({ state: 'detached' });
    await page.reload();
    await row('Winter').waitFor();
    assert.equal(await row('Spring').count(), 0, 'the filters are in the address');

    await page.getByRole('combobox', { name: 'State' }).selectOption('All states');
    await row('Spring').getByRole('link').click();
    await page.waitForURL(`**/console/campaigns/${id}`);
    await page.getByRole('heading', { name: 'Spring' }).waitFor();
  });

  test('messages and pushes of inbound webhooks are shown only where they are asked for', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(4);
    await client.post('/v1/campaigns', { ...campaign, name: 'Spring' });
    const message = { title: 'Your order' };
    await client.post('/v1/messages', { installationIds: ['d1'], message });
    const { page } = await openPage(t, browser, server.consoleUrl());
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    assert.equal(await page.getByText('Your order').count(), 0);
    await page.getByRole('combobox', { name: 'Kind' }).selectOption('Messages');
    await page.getByRole('row').filter({ hasText: 'Your order' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Spring' }).count(), 0);
    await page.getByRole('combobox', { name: 'Kind' }).selectOption('Everything');
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'Your order' }).waitFor();
  });

  test('a page has fifty rows, and leads on and back', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(2);
    for (let i = 0; i < 60; i++)
      await client.post('/v1/campaigns', { ...campaign, name: `Number ${i}`, dryRun: true });
    const { page } = await openPage(t, browser, server.consoleUrl());
    await page.getByRole('link', { name: 'Number 59' }).waitFor();
    await holds(async () => {
      assert.equal(await page.getByRole('row').count(), 51);
    });
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByRole('link', { name: 'Number 9', exact: true }).waitFor();
    await holds(async () => {
      assert.equal(await page.getByRole('row').count(), 11);
    });
    await page.getByRole('button', { name: 'Newer' }).click();
    await page.getByRole('link', { name: 'Number 59' }).waitFor();
  });

  test('a viewer sees all of it, and reads why nothing can be sent', async (t) => {
    const { client, fill, linkFor } = await startConsole(t);
    await fill(2);
    await client.post('/v1/campaigns', { ...campaign, name: 'Spring' });
    const { page } = await openPage(t, browser, await linkFor(['read']));
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    const button = page.getByRole('button', { name: 'New campaign' });
    await holds(async () => {
      assert.equal(await button.getAttribute('aria-disabled'), 'true');
    });
    await button.focus();
    await page.getByRole('tooltip', { name: 'lacks the scope campaigns' }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
  });

  test('hostile names are text', async (t) => {
    const { server, client, fill } = await startConsole(t);
    await fill(2);
    const names = [
      '<img src=x onerror=alert(1)>',
      '\u202egnidnes\u202c <b>bold</b>',
      `long ${'x'.repeat(195)}`,
      '"quoted" & {{name}}',
    ];
    for (const name of names)
      await client.post('/v1/campaigns', {
        ...campaign,
        name,
        message: { title: `${name}${'y'.repeat(500)}`, literal: true },
      });
    const { page } = await openPage(t, browser, server.consoleUrl(), { width: 390 });
    for (const name of names) await page.getByText(name, { exact: true }).waitFor();
    assert.equal(await page.locator('td img, td b').count(), 0);
    await assertLooksWell(page);
  });
});
