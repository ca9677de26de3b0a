/** Who may see and do what, on every screen: no call is made that the API would refuse. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { KeyView } from '../../functions/http/keys.ts';
import { fullScopes, type Scope } from '../../functions/model/key.ts';
import { holds } from '../until.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { axeViolations, DYING, openPage, shown, startConsole } from './console.ts';
import { fillEverything } from './everything.ts';

const plain = (field: string) => field;

/** What can be done on a screen, by the first part of its path, and the scope that it needs. */
const verbs: [screen: string, button: string, scope: Scope][] = [
  ['', 'New campaign', 'campaigns'],
  ['campaigns', 'Resume', 'campaigns'],
  ['campaigns', 'Cancel', 'campaigns'],
  ['campaigns', 'Move', 'campaigns'],
  ['compose', 'Send a test', 'campaigns'],
  ['compose', 'Review and send', 'campaigns'],
  ['devices', 'Find', 'read'],
  ['schedules', 'New schedule', 'campaigns'],
  ['schedules', 'Run now', 'campaigns'],
  ['schedules', 'Delete', 'campaigns'],
  ['webhooks', 'New webhook', 'campaigns'],
  ['webhooks', 'New trigger', 'campaigns'],
  ['webhooks', 'Rotate the secret', 'campaigns'],
  ['webhooks', 'Replay', 'campaigns'],
  ['keys', 'New key', 'admin'],
  ['keys', 'Revoke', 'admin'],
  ['health', 'Resume', 'campaigns'],
  ['health', 'Change', 'campaigns'],
];

suite('who may', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  const callers: [name: string, scopes: Scope[]][] = [
    ['an admin', fullScopes],
    ['a sender', ['campaigns', 'read']],
    ['a server that sends', ['campaigns']],
    ['a viewer', ['read']],
    ['a server that imports', ['installations']],
  ];
  for (const [name, scopes] of callers)
    test(`${name} sees every screen, and reads why a control is off`, async (t) => {
      const it = await startConsole(t);
      const screens = await fillEverything(it, plain);
      // a refusal of the API is an error of the page, and fails the test
      const { page } = await openPage(t, browser, await it.linkFor(scopes));
      await page.getByText('key "looker"').first().waitFor({ state: 'attached' });
      const has = (needed: Scope[]) =>
        needed.length === 0 || needed.some((one) => scopes.includes(one));
      for (const { path, needs } of screens) {
        await page.goto(`${it.server.url}/console/${path}`);
        await shown(page);
        const notYours = page.getByRole('heading', { name: 'This page is not for this sign-in' });
        await holds(async () => {
          assert.equal(await notYours.isVisible(), !has(needs), path);
        });
        if (!has(needs)) {
          await page.getByText('key "looker" lacks the scope read.').waitFor();
          continue;
        }
        await page.evaluate(
          "for (const it of document.querySelectorAll('main details')) it.open = true",
        );
        await tellsWhatIsOff(page, path, has);
        if (name !== 'an admin') assert.deepEqual(await axeViolations(page), [], path);
      }
    });

  test('every verb of this test is on a screen of an admin', async (t) => {
    const it = await startConsole(t);
    const screens = await fillEverything(it, plain);
    const { page } = await openPage(t, browser, it.server.consoleUrl());
    await page.getByText('key "local"').waitFor();
    const left = new Set(verbs.map(([, button]) => button));
    for (const { path } of screens) {
      await page.goto(`${it.server.url}/console/${path}`);
      await shown(page);
      await page.evaluate(
        "for (const it of document.querySelectorAll('main details')) it.open = true",
      );
      for (const name of left)
        if (
          (await page.getByRole('button', { name }).or(page.getByRole('link', { name })).count()) >
          0
        )
          left.delete(name);
    }
    assert.deepEqual([...left], []);
  });

  test('a key of another app, which registers devices, sees nothing on any screen', async (t) => {
    const it = await startConsole(t);
    const screens = await fillEverything(it, plain);
    const { key } = await it.client.post<{ key: string }>('/v1/keys', {
      name: 'in the shop',
      scopes: ['register'],
      app: 'shop',
    });
    const made = await fetch(`${it.server.url}/console/code`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}` },
    });
    const { path: link } = (await made.json()) as { path: string };
    const { page } = await openPage(t, browser, it.server.url + link);
    await page.getByText('key "in the shop"').first().waitFor({ state: 'attached' });
    for (const { path } of screens) {
      await page.goto(`${it.server.url}/console/${path}`);
      await shown(page);
      await page
        .getByText('key "in the shop" lacks the scope')
        .first()
        .waitFor({ state: 'attached' });
      for (const text of ['user', 'description', 'title', 'schedule', 'phone key'])
        assert.equal(await page.locator('main').getByText(text, { exact: true }).count(), 0, path);
    }
  });

  for (const [name, end] of [
    ['has ended', 'cookie'],
    ['has a key that is revoked', 'key'],
  ] as const)
    test(`a session that ${name} leads to the sign-in from every screen`, async (t) => {
      const it = await startConsole(t);
      const screens = await fillEverything(it, plain);
      const { page, context, allow } = await openPage(t, browser, await it.linkFor(fullScopes));
      allow(/401/);
      allow(DYING);
      await page.getByText('key "looker"').first().waitFor({ state: 'attached' });
      // what is open meanwhile stays as it is
      const open = await context.newPage();
      await open.goto(`${it.server.url}/console/compose`);
      await open.getByLabel('Title', { exact: true }).fill('Written');
      if (end === 'cookie') await context.clearCookies();
      else {
        const { items } = await it.client.get<{ items: KeyView[] }>('/v1/keys');
        await it.client.delete(`/v1/keys/${items.find((one) => one.name === 'looker')!.id}`);
        // keys are cached for half a minute
        await it.kill();
        await it.revive();
      }
      await open.getByLabel('Title', { exact: true }).fill('Written meanwhile');
      await open.getByText('Your session has ended.').waitFor();
      assert.equal(
        await open.getByLabel('Title', { exact: true }).inputValue(),
        'Written meanwhile',
      );
      for (const { path } of screens) {
        await page.goto(`${it.server.url}/console/${path}`);
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        assert.equal(await page.locator('main').getByText('title').count(), 0, path);
      }
    });
});

/** Each control that is there for a scope is on for those who have it, and says what is missing to others. */
async function tellsWhatIsOff(page: Page, path: string, has: (needed: Scope[]) => boolean) {
  const screen = /^[a-z]*/.exec(path)![0];
  for (const [of, name, scope] of verbs) {
    if (of !== screen) continue;
    for (const button of await page.locator('main').getByRole('button', { name }).all()) {
      const where = `${name} on ${path}`;
      // a control that is drawn again has other ids
      await holds(async () => {
        const ids = ((await button.getAttribute('aria-describedby')) ?? '')
          .split(' ')
          .filter(Boolean);
        const reasons = await Promise.all(
          ids.map((id) => page.locator(`#${id}`).textContent({ timeout: 1_000 }).then(String)),
        ).then((all) => all.join(' '));
        if (has([scope])) assert.doesNotMatch(reasons, /lacks the scope/, where);
        else {
          assert.equal(await button.getAttribute('aria-disabled'), 'true', where);
          assert.match(reasons, new RegExp(`lacks the scope ${scope}`), where);
        }
      });
    }
  }
}
