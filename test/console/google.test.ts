import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { nowSeconds } from '../http/auth/jwt.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { axeViolations, type Console } from './console.ts';
import { openOnGoogle } from './google.ts';

const signIn = (page: Page) => page.getByRole('button', { name: 'Sign in with Google' }).click();
const isAnn = (page: Page) =>
  page.getByText('ann@example.com', { exact: true }).first().waitFor({ state: 'attached' });
const isOut = (page: Page) => page.getByRole('heading', { name: 'Sign in' }).waitFor();
const nonceIn = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).nonce;

async function addCampaign({ fill, client }: Console) {
  await fill(2);
  await client.post<CampaignView>('/v1/campaigns', {
    name: 'Spring',
    audience: { everybody: true },
    message: { title: 'Spring is here' },
  });
}

suite('sign-in with Google, behind Firebase Hosting', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('Google is asked for an ID token with a nonce, and the way goes on where it began', async (t) => {
    const { page, url, said } = await openOnGoogle(t, browser, '/console/keys?from=here');
    await isOut(page);
    assert.deepEqual(await axeViolations(page), []);
    await signIn(page);
    await isAnn(page);
    const [{ nonce, state, ...asked } = {}] = said.asked;
    assert.deepEqual(asked, {
      client_id: '123-abc.apps.googleusercontent.com',
      redirect_uri: `${url}/console/`,
      response_type: 'id_token',
      scope: 'openid email',
      prompt: 'select_account',
    });
    assert.match(nonce!, /^[\da-f-]{36}$/);
    assert.notEqual(nonce, state);
    assert.deepEqual(said.taken.map(nonceIn), [nonce]);
    assert.equal(page.url(), `${url}/console/keys?from=here`);

    // another tab, and this one after a reload, need no other sign-in
    await page.reload();
    await isAnn(page);
    assert.equal(said.asked.length, 1);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await isOut(page);
    await page.reload();
    await isOut(page);
  });

  test('a token with another nonce or state, or one that was not asked for, is not taken', async (t) => {
    const { page, url, said, behaviour } = await openOnGoogle(t, browser);
    const others = [
      (it: { nonce: string; state: string }) => ({ ...it, nonce: 'of another sign-in' }),
      (it: { nonce: string; state: string }) => ({ ...it, state: 'of another sign-in' }),
    ];
    const refusal = page.getByText('was not made for this sign-in');
    for (const returns of others) {
      behaviour.returns = returns;
      await isOut(page);
      assert.equal(await refusal.count(), 0, 'it is not of an earlier sign-in');
      await signIn(page);
      await refusal.waitFor();
      assert.equal(page.url(), `${url}/console/`);
      await page.reload();
    }
    assert.equal(said.asked.length, others.length);
    await page.goto('about:blank');
    await page.goto(`${url}/console/#state=x&id_token=a.b.c`);
    await refusal.waitFor();
    assert.equal(page.url(), `${url}/console/`);
    assert.deepEqual(said.taken, []);

    behaviour.returns = (it) => it;
    await signIn(page);
    await isAnn(page);
  });

  test('a viewer reads, and is told what they may not; a sender sends; without a role, neither', async (t) => {
    const { page, all, url, behaviour, allow } = await openOnGoogle(t, browser);
    allow(/403/);
    await addCampaign(all);
    const as = async (role: typeof behaviour.role) => {
      behaviour.role = role;
      await signIn(page);
      await isAnn(page);
    };
    const out = async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await isOut(page);
    };
    const lacks = (scope: string) => page.getByText(`ann@example.com lacks the scope ${scope}`);

    await as('viewer');
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    await lacks('campaigns').first().waitFor({ state: 'attached' });
    await page.goto(`${url}/console/keys`);
    await lacks('admin').first().waitFor({ state: 'attached' });
    await out();

    await as('sender');
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    assert.equal(await lacks('campaigns').count(), 0);
    await page.goto(`${url}/console/keys`);
    await lacks('admin').first().waitFor({ state: 'attached' });
    await out();

    await as(null);
    await lacks('read. Ask the administrator').first().waitFor();
  });

  test('a token that has expired is renewed; one that cannot be ends the session, and keeps the screen', async (t) => {
    const { page, all, said, behaviour, allow } = await openOnGoogle(t, browser);
    allow(/400/);
    await addCampaign(all);
    // the library renews a token half a minute before its end: each call does now
    behaviour.lastsS = 1;
    await signIn(page);
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    const renewed = said.refreshes;
    assert.ok(renewed >= 1, 'the token was renewed');

    behaviour.isRevoked = true;
    await page.getByRole('searchbox').fill('spr');
    await page.getByText('Open the console in another tab, and sign in there.').waitFor();
    assert.equal(await page.getByRole('searchbox').inputValue(), 'spr');
    await page.getByRole('button', { name: 'Reload the page' }).click();
    await isOut(page);

    behaviour.isRevoked = false;
    await signIn(page);
    await page.getByRole('link', { name: 'Spring' }).waitFor();
  });

  test('a user that Firebase signed out is signed out of the API as well', async (t) => {
    const { page, all, google, behaviour } = await openOnGoogle(t, browser);
    await addCampaign(all);
    behaviour.lastsS = 1;
    await signIn(page);
    await page.getByRole('link', { name: 'Spring' }).waitFor();
    google.user = { validSince: String(nowSeconds() + 60) };
    await page.getByRole('searchbox').fill('spr');
    await page.getByText('Your session has ended.').waitFor();
  });
});
