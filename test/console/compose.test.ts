/** The form of a campaign: what is shown, what is refused, what is kept, what is sent. */

import assert from 'node:assert/strict';
import { after, afterEach, before, suite, type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import {
  assertLooksWell,
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
  // before the server stops: a form that still counts its audience would find none
  const pages: Page[] = [];
  afterEach(async () => {
    for (const it of pages.splice(0)) for (const page of it.context().pages()) await page.close();
  });

  /** The form, signed in; `link`: by a key of its own. */
  async function compose(
    t: TestContext,
    it: Console,
    { link, ...look }: Look & { link?: string } = {},
  ) {
    const opened = await openPage(t, browser, link ?? it.server.consoleUrl(), look);
    const { page } = opened;
    pages.push(page);
    await page.locator('.who').waitFor({ state: 'attached' });
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

  /** The next campaign, or what is of this path, comes to the server, and its answer does not come back. */
  const loseAnswer = (page: Page, it: Console, path = '/v1/campaigns') =>
    page.route(
      `**${path}`,
      async (route) => {
        const headers = { 'Idempotency-Key': route.request().headers()['idempotency-key']! };
        await it.client.post(path, route.request().postDataJSON(), headers);
        await route.abort();
      },
      { times: 1 },
    );

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
    await page.locator('[data-path="message.link"]:focus').waitFor();
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

  test('a reload keeps the draft where the browser is slow with its locks', async (t) => {
    const { page } = await compose(t, await startConsole(t));
    await page.addInitScript(`{
      const request = navigator.locks.request.bind(navigator.locks);
      navigator.locks.request = async (...all) => {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return request(...all);
      };
    }`);
    await write(page, 'Kept');
    await page.reload();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    assert.equal(await field(page, 'Title').inputValue(), 'Kept');
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
    const { page, allow } = await compose(t, it);
    allow(/400/);
    await write(page);
    await page.getByRole('button', { name: 'Save as segment' }).click();
    await field(page, 'Name of the segment').fill('all of them');
    const save = page.getByRole('dialog').getByRole('button', { name: 'Save as segment' });
    const refused = page.waitForResponse((it) => it.status() === 400);
    await save.click();
    await refused;
    await page.getByText('must be 1 to 64 letters').waitFor();
    await field(page, 'Name of the segment').fill('all');
    await save.click();
    await page.getByText('Saved as all').waitFor();
    await page.getByLabel('Of what').selectOption('segment');
    await page.getByLabel('Value').fill('all');
    await page.locator('.total', { hasText: '6 devices' }).waitFor();
    await page.getByLabel('Value').fill('some');
    await page.locator('.checks', { hasText: 'segment' }).waitFor();
  });

  test('a test goes to named people, and says what they get', async (t) => {
    const it = await startConsole(t);
    await it.fill(4);
    const { page, allow } = await compose(t, it);
    allow(/422/);
    await field(page, 'Title').fill('Hello');
    await page.getByRole('heading', { name: '1 thing is left' }).waitFor();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await field(page, 'User ID').fill('user-9');
    await page.getByRole('button', { name: 'Send the test' }).click();
    await page.getByText('has no recipients').waitFor();
    await field(page, 'User ID').fill('user-1, user-2');
    await page.getByRole('button', { name: 'Send the test' }).click();
    await page.getByText('On its way to 2 devices.').waitFor();
    await page.getByText('by apns, in the default language').waitFor();
    const { items } = await it.client.get<Listed>('/v1/campaigns');
    assert.deepEqual(
      items.map(({ name, test }) => [name, test]),
      [['Hello', true]],
    );
  });

  test('before it goes to many, their number is typed; a double click is one campaign', async (t) => {
    const it = await startConsole(t);
    await it.fill(1_000);
    const { page } = await compose(t, it);
    await write(page);
    await reviewOf(page).click();
    await page.getByText('1,000 devices, 2 languages, about').waitFor();
    const send = page.getByRole('button', { name: 'Send now' });
    assert.equal(await send.getAttribute('aria-disabled'), 'true');
    await field(page, 'Type 1,000 to send it').fill('999');
    await send.click({ force: true });
    assert.deepEqual(await campaigns(it), []);
    await field(page, 'Type 1,000 to send it').fill('1000');
    await send.dblclick();
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    assert.deepEqual(await campaigns(it), ['Hello']);
  });

  test('an answer that is lost, and a second try, are one campaign', async (t) => {
    const it = await startConsole(t);
    await it.fill(2);
    const { page, allow } = await compose(t, it);
    allow(/ERR_FAILED/);
    await write(page);
    await loseAnswer(page, it);
    await reviewOf(page).click();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByText('may have been accepted').waitFor();
    assert.deepEqual(await campaigns(it), ['Hello']);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    assert.deepEqual(await campaigns(it), ['Hello']);
  });

  test('a draft that was sent, and changed since, is sent again only if that is said', async (t) => {
    const it = await startConsole(t);
    await it.fill(2);
    const { page, allow } = await compose(t, it);
    allow(/ERR_FAILED|409/);
    await write(page);
    await loseAnswer(page, it);
    await reviewOf(page).click();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByText('may have been accepted').waitFor();
    assert.deepEqual(await campaigns(it), ['Hello']);
    await page.getByRole('button', { name: 'Back' }).click();
    await field(page, 'Title').fill('Hello again');
    await page.locator('.ios .title', { hasText: 'Hello again' }).waitFor();
    await reviewOf(page).click();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.getByText('was sent already').waitFor();
    assert.deepEqual(await campaigns(it), ['Hello']);
    await page.getByRole('button', { name: 'as another one' }).click();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    assert.deepEqual((await campaigns(it)).sort(), ['Hello', 'Hello again']);
  });

  test('the server dies while it is written: that is said, and it goes on by itself', async (t) => {
    const it = await startConsole(t);
    const { page, allow } = await compose(t, it);
    allow(/ERR_CONNECTION|Failed to load/);
    await write(page);
    await it.kill();
    await field(page, 'Title').fill('After the end');
    await page.getByText('The server does not answer.').first().waitFor();
    await it.revive();
    await page.locator('.ios .title', { hasText: 'After the end' }).waitFor();
    await page.locator('.total', { hasText: '0 devices' }).waitFor();
    await page.getByText('The server does not answer.').first().waitFor({ state: 'detached' });
  });

  test('a viewer may write and look, and is told why nothing can be sent', async (t) => {
    const it = await startConsole(t);
    await it.fill(2);
    const { page } = await compose(t, it, { link: await it.linkFor(['read']) });
    await write(page);
    for (const name of ['Review and send', 'Send a test', 'Save as segment']) {
      const button = page.getByRole('button', { name });
      await holds(async () => {
        assert.equal(await button.getAttribute('aria-disabled'), 'true', name);
        const id = await button.getAttribute('aria-describedby');
        assert.match(
          (await page.locator(`[id="${id}"]`).textContent()) ?? '',
          /lacks the scope campaigns/,
        );
      });
    }
    await page.locator('.total', { hasText: '2 devices' }).waitFor();
  });

  test('hostile texts are shown as texts, and stay in their places', async (t) => {
    const it = await startConsole(t);
    const { page, allow } = await compose(t, it, { width: 390 });
    allow(/400/);
    const hostile = '<img src=x onerror=alert(1)>\u202e\u2066<script>x</script>';
    await write(page, hostile);
    await field(page, 'Text').fill('\u05d0'.repeat(1_500));
    await page.locator('.ios .title', { hasText: '<script>x</script>' }).waitFor();
    await page.locator('.ios .body', { hasText: '\u05d0'.repeat(20) }).waitFor();
    await field(page, 'App').fill(hostile);
    await page.locator('.checks li').first().waitFor();
    await field(page, 'App').fill('default');
    await field(page, 'Name').fill('w'.repeat(4_000));
    await page.locator('.checks', { hasText: 'at most 200 characters' }).waitFor();
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    assert.ok(width <= 390, `the page is ${width} px wide`);
    assert.equal(await page.locator('.compose img').count(), 0);
    await page.evaluate(`{
      const field = document.querySelector('[data-path="message.title"]');
      field.value = 'half \\ud83d';
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }`);
    await page.locator('.checks', { hasText: 'has half a character' }).waitFor();
    // the API does not read a body with half a character
  });

  test('"copy as new" takes all of a campaign but its time', async (t) => {
    const it = await startConsole(t);
    const campaign = {
      name: 'Of last year',
      audience: { language: 'pt', not: { tags: ['quiet'] }, appVersion: '>=2' },
      message: {
        title: 'Hi {{name|you}}',
        data: { screen: 'sale' },
        badge: '+1',
        ttlSeconds: 60,
        interruption: 'passive',
        apns: { payload: { aps: { 'target-content-id': 'x' } } },
        localized: { 'pt-BR': { title: 'Oi' } },
      },
      rate: { perMinute: 600 },
      canary: { percent: 2.5, holdSeconds: 30, maxFailureRate: 0.029 },
      schedule: { at: '2099-01-01T00:00:00Z' },
    };
    const made = await it.client.post<{ id: string }>('/v1/campaigns', campaign);
    const { page } = await compose(t, it);
    await page.goto(`${it.server.url}/console/compose?from=${made.id}`);
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    assert.equal(new URL(page.url()).search, '');
    await page.reload();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await page.getByRole('tab', { name: 'Portuguese' }).click();
    await page.locator('.ios .title', { hasText: 'Oi' }).waitFor();
    await reviewOf(page).click();
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    type Made = Record<keyof typeof campaign, unknown>;
    const id = new URL(page.url()).pathname.split('/').at(-1)!;
    const before = await it.client.get<Made>(`/v1/campaigns/${made.id}`);
    const after = await it.client.get<Made>(`/v1/campaigns/${id}`);
    for (const part of ['name', 'audience', 'message', 'rate', 'canary'] as const)
      assert.deepEqual(after[part], before[part], part);
    assert.equal(after.schedule, undefined);
  });

  test('what is sent again and again is a schedule, which is checked like a campaign', async (t) => {
    const it = await startConsole(t);
    const { page } = await compose(t, it);
    await write(page, 'Good morning');
    await page.getByRole('radio', { name: 'Again and again' }).check();
    await field(page, 'Cron expression').fill('every day');
    await page.locator('.field', { hasText: 'must be five fields' }).waitFor();
    await field(page, 'How often').selectOption('Every weekday at 9:00');
    await field(page, 'Time zone').fill('Europe/Nowhere');
    await page.locator('.checks', { hasText: 'must be a zone' }).waitFor();
    await field(page, 'Time zone').fill('Europe/Berlin');
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await page.getByRole('button', { name: 'Review and schedule' }).click();
    await page.getByRole('button', { name: 'Add the schedule' }).click();
    await page.waitForURL(/\/console\/schedules\/\w+$/);
    type Schedules = { items: { name: string; cron: string; timeZone: string }[] };
    const { items } = await it.client.get<Schedules>('/v1/schedules');
    assert.deepEqual(
      items.map(({ name, cron, timeZone }) => [name, cron, timeZone]),
      [['Good morning', '0 9 * * 1-5', 'Europe/Berlin']],
    );
  });

  test("a schedule by each device's own clock has no zone", async (t) => {
    const it = await startConsole(t);
    const { page } = await compose(t, it);
    await write(page, 'Good morning');
    await page.getByRole('radio', { name: 'Again and again' }).check();
    await page.getByLabel("By each device's own clock").check();
    await field(page, 'Time zone').waitFor({ state: 'detached' });
    await field(page, 'Until').fill('2031-07-01T12:00');
    await field(page, 'Devices whose time passed while the system was down').selectOption('skip');
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: 'Review and schedule' }).click();
    await page.getByRole('button', { name: 'Add the schedule' }).click();
    await page.waitForURL(/\/console\/schedules\/\w+$/);
    type Schedules = {
      items: { local: boolean; late: string; timeZone?: string; until: string }[];
    };
    const { items } = await it.client.get<Schedules>('/v1/schedules');
    assert.deepEqual(
      items.map(({ local, late, timeZone, until }) => [local, late, timeZone, until]),
      [[true, 'skip', undefined, '2031-07-01T12:00:00.000Z']],
    );
  });

  test('a schedule whose answer is lost is tried again, and is one', async (t) => {
    const it = await startConsole(t);
    await it.fill(2);
    const { page, allow } = await compose(t, it);
    allow(/ERR_FAILED/);
    await write(page, 'Good morning');
    await page.getByRole('radio', { name: 'Again and again' }).check();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await loseAnswer(page, it, '/v1/schedules');
    await page.getByRole('button', { name: 'Review and schedule' }).click();
    await page.getByRole('button', { name: 'Add the schedule' }).click();
    await page.getByText('may have been accepted').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForURL(/\/console\/schedules\/\w+$/);
    const { items } = await it.client.get<Listed>('/v1/schedules');
    assert.deepEqual(
      items.map(({ name }) => name),
      ['Good morning'],
    );
  });

  test('a time is of its zone; one that clocks skip or show twice is refused', async (t) => {
    const it = await startConsole(t);
    const { page } = await compose(t, it);
    await write(page);
    await page.getByRole('radio', { name: 'At a time' }).check();
    await field(page, 'Date and time').fill('2031-03-30T02:30');
    await page.locator('.field', { hasText: 'does not exist in Europe/Berlin' }).waitFor();
    await field(page, 'Date and time').fill('2031-10-26T02:30');
    await page.locator('.field', { hasText: 'comes twice in Europe/Berlin' }).waitFor();
    await field(page, 'Date and time').fill('2001-01-01T10:00');
    await page.locator('.field', { hasText: 'is in the past' }).waitFor();
    await field(page, 'Date and time').fill('2031-07-01T10:00');
    await field(page, 'Time zone').fill('America/New_York');
    await page.getByText('Here that is Jul 1, 2031, 4:00').waitFor();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await page.getByRole('button', { name: 'Review and schedule' }).click();
    await page.getByRole('button', { name: 'Schedule', exact: true }).click();
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    type Planned = { items: { schedule: { at: string } }[] };
    const { items } = await it.client.get<Planned>('/v1/campaigns');
    assert.equal(items[0]!.schedule.at, '2031-07-01T14:00:00.000Z');
  });

  test('a campaign by the clocks of devices: its time, and what becomes of those at which it has passed', async (t) => {
    const it = await startConsole(t);
    const { page } = await compose(t, it);
    await write(page);
    await page.getByRole('radio', { name: 'At local time' }).check();
    const time = field(page, 'Date and time on each device');
    await page.getByText('No clock shows it yet.').waitFor();
    await time.fill('');
    await page.locator('.checks', { hasText: 'needs a date and a time' }).waitFor();
    await time.fill('2001-01-01T10:00');
    await page.locator('.field', { hasText: 'has passed in every time zone' }).waitFor();
    await time.fill('2031-07-01T09:00');
    await page.getByText('Here that is from Jun 30, 21:00 to Jul 1, 23:00').waitFor();
    await field(page, 'Where that time has passed already').selectOption('next-day');
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    // it is kept as it is
    await page.reload();
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await page.getByRole('button', { name: 'Review and schedule' }).click();
    await page.getByRole('button', { name: 'Schedule', exact: true }).click();
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    type Planned = { items: { id: string; schedule: object }[] };
    const { items } = await it.client.get<Planned>('/v1/campaigns');
    assert.deepEqual(items[0]!.schedule, { local: '2031-07-01T09:00', late: 'next-day' });
    // a copy is never sent at once, as long as no other way is chosen
    await page.goto(`${it.server.url}/console/compose?from=${items[0]!.id}`);
    await page.getByRole('heading', { name: '1 thing is left' }).waitFor();
    await page.locator('.checks', { hasText: 'Time needs a date and a time' }).waitFor();
    assert.equal(await field(page, 'Where that time has passed already').inputValue(), 'next-day');
  });

  test('the keyboard is enough, from the first field to a campaign', async (t) => {
    const it = await startConsole(t);
    await it.fill(2);
    const { page } = await compose(t, it);
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const focused = () =>
      page.evaluate<string>(
        'document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText',
      );
    /** Tab, until the focus is on what has this text. */
    const tabTo = async (text: string) => {
      for (let i = 0; i < 60; i++) {
        if ((await focused()).trim() === text) return;
        await press('Tab');
      }
      assert.fail(`Tab does not lead to ${text}`);
    };
    await tabTo('Title');
    await page.keyboard.type('Typed');
    await tabTo('Language');
    await press('Enter');
    await page.keyboard.type('de');
    await press('Enter');
    await page.getByRole('tab', { name: 'German' }).waitFor();
    await tabTo('Title');
    await page.keyboard.type('Getippt');
    await page.locator('.ios .title', { hasText: 'Getippt' }).waitFor();
    await tabTo('Everybody');
    await press('Enter');
    await page.getByRole('heading', { name: 'Ready' }).waitFor();
    await page.locator('#main').focus();
    await tabTo('Review and send');
    await press('Enter');
    // not what the form says: until the sheet has counted, its button does nothing
    await page.getByRole('dialog').getByText('2 devices').waitFor();
    await tabTo('Send now');
    await press('Enter');
    await page.waitForURL(/\/console\/campaigns\/\w+$/);
    assert.deepEqual(await campaigns(it), ['Typed']);
  });

  // the pictures of phones are light or dark from the beginning
  for (const scheme of ['light', 'dark'] as const)
    test(`the form is accessible, ${scheme}`, async (t) => {
      const some = looks.filter((it) => it.scheme === scheme);
      const { page } = await compose(t, await startConsole(t), { width: 390, scheme });
      await assertLooksWell(page, some);
      await write(page);
      await page.getByText('Badge, lifetime').click();
      await page.getByText('Subtitle, sound, data').click();
      await field(page, 'Badge').fill('lots');
      await page.getByRole('radio', { name: 'At local time' }).check();
      await page.getByRole('heading', { name: '1 thing is left' }).waitFor();
      await assertLooksWell(page, some);
    });
});
