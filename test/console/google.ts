/**
 * The console as it is on Google Cloud: Hosting serves what is built for it, people sign in with Google.
 * Hosting, Google's page and Firebase Auth are played here; the page, the API and the store are the
 * product's.
 */

import assert from 'node:assert/strict';
import { getRequestListener } from '@hono/node-server';
import type { Browser, BrowserContext, Route } from 'playwright-core';
import { createApi } from '../../functions/http/api.ts';
import type { Role } from '../../functions/http/auth/firebase-users.ts';
import { buildConsole } from '../../infra/console.ts';
import { claims, PROJECT, startGoogle } from '../http/auth/google.ts';
import { nowSeconds } from '../http/auth/jwt.ts';
import { makeFolder } from '../store/folder.ts';
import { type Console, openPage, startConsole } from './console.ts';
import { startHosting } from './hosting.ts';

const API_KEY = 'AIza-example';
const CLIENT = '123-abc.apps.googleusercontent.com';

/** How Google and Firebase behave; a test changes it. */
interface Behaviour {
  /** the claim of ann; null: none */
  role: Role | null;
  /** seconds that an ID token is said to last */
  lastsS: number;
  /** what Google's page makes of the nonce and the state that it was given */
  returns(asked: { nonce: string; state: string }): { nonce: string; state: string };
  /** whether the refresh token is still taken */
  isRevoked: boolean;
}

/** A page in front of Google's deployment, not signed in yet. */
export async function openOnGoogle(
  t: Parameters<typeof startConsole>[0] & Parameters<typeof makeFolder>[0],
  browser: Browser,
  path = '/console/',
) {
  const all = await startConsole(t);
  const { google, firebase, find } = await startGoogle(t);
  const api = createApi(all.server.engine, { findPerson: find, isSimulated: true });
  const folder = makeFolder(t);
  await buildConsole(folder, {
    site: 'example-push',
    apiKey: API_KEY,
    projectId: PROJECT,
    clientId: CLIENT,
    region: 'europe-west1',
    prefix: 'volley',
  });
  const url = await startHosting(t, folder, getRequestListener(api.fetch));
  const behaviour: Behaviour = {
    role: 'admin',
    lastsS: 3600,
    returns: (asked) => asked,
    isRevoked: false,
  };
  const said = play(behaviour, (role) =>
    firebase.sign(claims({ volley: role ?? undefined, iat: nowSeconds(), made: said.made++ })),
  );
  const opened = await openPage(t, browser, 'about:blank');
  opened.allow(/401/);
  await route(opened.context, said);
  await opened.page.goto(url + path);
  return { ...opened, all: all satisfies Console, url, google, behaviour, said };
}

type Play = ReturnType<typeof play>;

function play(behaviour: Behaviour, tokenFor: (role: Role | null) => string) {
  const said = {
    /** queries to Google's page, and its ID tokens that Firebase was asked to take */
    asked: [] as Record<string, string>[],
    taken: [] as string[],
    refreshes: 0,
    made: 0,
    /** Google's page, where ann chooses herself: it goes back with her ID token. */
    page(query: URLSearchParams) {
      const asked = Object.fromEntries(query);
      said.asked.push(asked);
      const { nonce, state } = behaviour.returns(asked as { nonce: string; state: string });
      const part = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url');
      const id = `${part({ alg: 'RS256' })}.${part({ aud: CLIENT, nonce, email: 'ann@example.com' })}.signature`;
      return `${asked.redirect_uri}#${new URLSearchParams({ state, id_token: id })}`;
    },
    /** Firebase Auth, as its library calls it. */
    firebase(url: URL, body: string): [status: number, body: object] {
      assert.equal(url.searchParams.get('key'), API_KEY);
      if (url.pathname === '/v1/accounts:signInWithIdp') {
        const post = new URLSearchParams(JSON.parse(body).postBody);
        assert.equal(post.get('providerId'), 'google.com');
        said.taken.push(post.get('id_token')!);
        const idToken = tokenFor(behaviour.role);
        const tokens = { idToken, refreshToken: 'refresh', expiresIn: String(behaviour.lastsS) };
        return [200, { localId: 'ann', email: 'ann@example.com', ...tokens }];
      }
      if (behaviour.isRevoked) return [400, { error: { code: 400, message: 'TOKEN_EXPIRED' } }];
      if (url.pathname === '/v1/token') {
        assert.equal(new URLSearchParams(body).get('refresh_token'), 'refresh');
        said.refreshes++;
        const token = tokenFor(behaviour.role);
        const tokens = { id_token: token, access_token: token, refresh_token: 'refresh' };
        return [200, { ...tokens, expires_in: String(behaviour.lastsS) }];
      }
      assert.equal(url.pathname, '/v1/accounts:lookup');
      return [200, { users: [{ localId: 'ann', email: 'ann@example.com' }] }];
    },
  };
  return said;
}

async function route(context: BrowserContext, said: Play) {
  await context.route('https://accounts.google.com/**', async (it) => {
    const back = said.page(new URL(it.request().url()).searchParams);
    const body = `<!doctype html><script>location.replace(${JSON.stringify(back)})</script>`;
    await it.fulfill({ status: 200, contentType: 'text/html', body });
  });
  const firebase = async (it: Route) => {
    const request = it.request();
    const [status, body] = said.firebase(new URL(request.url()), request.postData() ?? '');
    await it.fulfill({ status, headers: { 'Access-Control-Allow-Origin': '*' }, json: body });
  };
  await context.route('https://identitytoolkit.googleapis.com/**', firebase);
  await context.route('https://securetoken.googleapis.com/**', firebase);
}
