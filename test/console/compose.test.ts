/** The form of a campaign: what is shown, what is refused, what is kept, what is sent. */

import assert from 'node:assert/strict';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startBrowser, withoutBrowser } from './chromium.ts';
import {
  axeViolations,
  type Console,
  type Look,
  looks,
  openPage,
  startConsole,
} from './console.ts';

interface Listed {
  items: { id: string; name: string; test?: boolean; state: string }[];
}

suite('compose', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  /** The form, signed in; `link`: by a key of its own. */
  async function compose(
    t: TestContext,
    it: Console,
    { link, ...look }: Look & { link?: string } = {},
  ) {
    const opened = await openPage(t, browser, link ?? it.server.consoleUrl(), look);
    const { page } = opened;
    await page.getByText(/^key "/).waitFor({ state: 'attached' });
    await page.goto(`${it.server.url}/console/compose`);
    await page.getByRole('heading', { name: 'New campaign' }).waitFor();
    await page.getByRole('heading', { name: '2 things are left' }).waitFor();
    return opened;
  }

  const field = (page: Page, name: string) => page.getByLabel(name, { exact: true });
  const reviewOf = (page: Page) => page.getByRole('button', { name: 'Review and send' });

  async function write(page: Page, title = 'Hello') {
    await field(page, 'Title').fill(title);
    await page.getByRole('button', { name: 'Everybody' }).click();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
  }

  const campaigns = async (it: Console) =>
    (await it.client.get<Listed>('/v1/campaigns')).items.map(({ name }) => name);

  test('a campaign is written, shown as phones show it, and sent', async (t) => {
    const it = await startConsole(t);
    await it.fill(4);
    const { page } = await compose(t, it);
    await field(page, 'Title').fill('Hello {{name|friend}}');
    await field(page, 'Text').fill('Come in.');
    for (const frame of ['.ios', '.android', '.web']) {
      await page.locator(`${frame} .title`, { hasText: 'Hello friend' }).waitFor();
      await page.locator(`${frame} .body`, { hasText: 'Come in.' }).waitFor();
    }
    await page.getByRole('textbox', { name: 'name', exact: true }).fill('Ada');
    await page.locator('.ios .title', { hasText: 'Hello Ada' }).waitFor();
    await page.getByRole('button', { name: 'Everybody' }).click();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await reviewOf(page).click();
    await page.getByText('4 devices, 2 languages').waitFor();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    assert.deepEqual(await campaigns(it), ['Hello {{name|friend}}']);
    await page.goto(`${it.server.url}/console/compose`);
    await page.getByRole('heading', { name: '2 things are left' }).waitFor();
    assert.equal(
      await field(page, 'Title').inputValue(),
      '',
      'a draft that was sent is kept no more',
    );
  });

  test('what the API would refuse cannot be pressed: its sentences stand at their fields', async (t) => {
    const { page } = await compose(t, await startConsole(t));
    await write(page);
    await field(page, 'Link').fill('javascript:alert(1)');
    const link = field(page, 'Link');
    await page.getByRole('heading', { name: '1 thing is left' }).waitFor();
    const described = await link.getAttribute('aria-describedby');
    const fault = page.locator(`#${described!.split(' ').at(-1)}`);
    assert.match(await fault.innerText(), /^must be an address such as/);
    assert.equal(await reviewOf(page).getAttribute('aria-disabled'), 'true');
    await page.getByRole('button', { name: 'Link', exact: true }).click();
    assert.equal(await page.evaluate('document.activeElement.dataset.path'), 'message.link');
    await link.fill('');
    await page.getByText('Badge, lifetime').click();
    await field(page, 'Badge').fill('lots');
    await page.getByText('1 fault', { exact: true }).waitFor();
    await field(page, 'Badge').fill('+1');
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await field(page, 'Text').fill('x'.repeat(4090));
    await page.locator('.checks', { hasText: '4096 are allowed' }).waitFor();
    await page.locator('.ios .bytes.bad').waitFor();
    assert.equal(await reviewOf(page).getAttribute('aria-disabled'), 'true');
  });

  test('a reload keeps the draft, and two tabs have two', async (t) => {
    const it = await startConsole(t);
    const { page, context } = await compose(t, it);
    await write(page, 'Of the first tab');
    await page.reload();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    assert.equal(await field(page, 'Title').inputValue(), 'Of the first tab');
    const second = await context.newPage();
    await second.goto(`${it.server.url}/console/compose`);
    await second.getByRole('heading', { name: '2 things are left' }).waitFor();
    await field(second, 'Title').fill('Of the second');
    await second.reload();
    await second.getByRole('heading', { name: 'left before' }).waitFor();
    assert.equal(await field(second, 'Title').inputValue(), 'Of the second');
    await page.reload();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    assert.equal(await field(page, 'Title').inputValue(), 'Of the first tab');
  });

  test('a translation shows where it lacks something, and is shown as its phones do', async (t) => {
    const { page } = await compose(t, await startConsole(t));
    await write(page);
    await field(page, 'Text').fill('Come in.');
    await page.getByRole('button', { name: 'Language', exact: true }).click();
    await page.getByRole('combobox', { name: 'Language' }).first().fill('pt_BR');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: '2 not translated' }).waitFor();
    await field(page, 'Title').fill('Olá');
    await page.getByRole('tab', { name: '1 not translated' }).waitFor();
    await page.getByText('Not translated: the default is shown').waitFor();
    await page.locator('.ios .title', { hasText: 'Olá' }).waitFor();
    await page.locator('.ios .body', { hasText: 'Come in.' }).waitFor();
    await page.getByRole('tab', { name: 'Default' }).click();
    await page.locator('.ios .title', { hasText: 'Hello' }).waitFor();
  });

  test('conditions are rows and groups, counted while they are written', async (t) => {
    const it = await startConsole(t);
    await it.fill(30);
    const { page } = await compose(t, it);
    await field(page, 'Title').fill('Hello');
    await page.getByRole('button', { name: 'A language' }).click();
    const row = (n: number) => page.getByRole('group', { name: 'Condition', exact: true }).nth(n);
    await page.getByText('as soon as the conditions are complete').waitFor();
    await row(0).getByLabel('Value').fill('de');
    await page.locator('.total', { hasText: '10 devices' }).waitFor();
    await page.getByRole('button', { name: 'Group', exact: true }).click();
    await row(1).getByLabel('Of what').selectOption('platform');
    await row(1).getByLabel('iPhone').check();
    await page.locator('.total', { hasText: '5 devices' }).waitFor();
    await page.getByLabel('How many of them must hold').nth(1).selectOption('none');
    await page.locator('.bars', { hasText: 'Platforms' }).getByText('Android').waitFor();
    await row(0).getByLabel('Value').fill('no language');
    await row(0).getByText('is no language tag').waitFor();
    await row(0).getByLabel('Value').fill('de');
    await page.locator('.total', { hasText: '5 devices' }).waitFor();
    await page.getByRole('radio', { name: 'JSON' }).check();
    const json = field(page, 'Audience as JSON');
    assert.deepEqual(JSON.parse(await json.inputValue()), {
      language: ['de'],
      not: { platform: ['ios'] },
    });
    await json.fill('{ "language": "de", "tags"');
    await page.locator('.checks', { hasText: 'is not JSON' }).waitFor();
    await json.fill('{ "userIds": ["user-1", "user-2"] }');
    await page.locator('.total', { hasText: '2 devices' }).waitFor();
    await page.getByRole('radio', { name: 'Conditions' }).check();
    assert.equal(await row(0).getByLabel('Value').inputValue(), 'user-1, user-2');
  });

  test('an audience is saved as a segment, and the segment is chosen', async (t) => {
    const it = await startConsole(t);
    await it.fill(6);
    const { page, faults } = await compose(t, it);
    await write(page);
    await page.getByRole('button', { name: 'Save as segment' }).click();
    await field(page, 'Name of the segment').fill('all of them');
    const save = page.getByRole('dialog').getByRole('button', { name: 'Save as segment' });
    const refused = page.waitForResponse((it) => it.status() === 400);
    await save.click();
    await refused;
    await page.getByText('must be 1 to 64 letters').waitFor();
    assert.ok(faults.splice(0).every((it) => it.includes('400')));
    await field(page, 'Name of the segment').fill('all');
    await save.click();
    await page.getByText('Saved as all').waitFor();
    await page.getByLabel('Of what').selectOption('segment');
    await page.getByLabel('Value').fill('all');
    await page.locator('.total', { hasText: '6 devices' }).waitFor();
    await page.getByLabel('Value').fill('some');
    await page.locator('.checks', { hasText: 'segment' }).waitFor();
  });

  for (const look of looks)
    test(`the form is accessible, ${look.width} px, ${look.scheme}`, async (t) => {
      const { page } = await compose(t, await startConsole(t), look);
      assert.deepEqual(await axeViolations(page), []);
      await write(page);
      await page.getByText('Badge, lifetime').click();
      await page.getByText('Subtitle, sound, data').click();
      await field(page, 'Badge').fill('lots');
      await page.getByRole('heading', { name: '1 thing is left' }).waitFor();
      assert.deepEqual(await axeViolations(page), []);
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      assert.ok(width <= look.width, `the page is ${width} px wide`);
    });
});
