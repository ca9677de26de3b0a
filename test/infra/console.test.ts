import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONSOLE_HEADERS } from '../../functions/local/console/headers.ts';
import { buildConsole, siteOf } from '../../infra/console.ts';
import { makeFolder } from '../store/folder.ts';

const env = {
  CONSOLE_SITE: 'example-push',
  FIREBASE_API_KEY: 'AIza-example',
  GOOGLE_CLOUD_PROJECT: 'example-project',
  OAUTH_CLIENT_ID: '123.apps.googleusercontent.com',
  VOLLEY_REGION: 'europe-west1',
};

test('Hosting serves the console and leads calls to the API, with the headers of the local server', async (t) => {
  const folder = makeFolder(t);
  await buildConsole(folder, siteOf(env));
  const { hosting } = JSON.parse(await readFile(join(folder, 'firebase.json'), 'utf8'));
  assert.equal(hosting.site, 'example-push');
  assert.deepEqual(hosting.rewrites[0], {
    source: '/v1/**',
    run: { serviceId: 'volley-api', region: 'europe-west1' },
  });
  assert.deepEqual(hosting.redirects, [{ source: '/', destination: '/console/', type: 302 }]);
  const [all, hashed] = hosting.headers as { headers: { key: string; value: string }[] }[];
  const headers = Object.fromEntries(all!.headers.map(({ key, value }) => [key, value]));
  assert.deepEqual(headers, { ...CONSOLE_HEADERS, 'Cache-Control': 'no-cache' });
  assert.deepEqual(hashed!.headers, [
    { key: 'Cache-Control', value: 'public, max-age=31536000, immutable' },
  ]);
  const page = await readFile(join(folder, hosting.public, 'console/index.html'), 'utf8');
  assert.match(page, /&quot;kind&quot;:&quot;google&quot;,&quot;apiKey&quot;:&quot;AIza-example/);
  const files = await readdir(join(folder, hosting.public, 'console/assets'));
  assert.ok(
    files.some((it) => /^google-[A-Z0-9]{8}\.js$/.test(it)),
    files.join(),
  );
});

test('variables that are missing are all named', () => {
  assert.throws(() => siteOf({ VOLLEY_REGION: 'x' }), {
    message: 'not set: CONSOLE_SITE, FIREBASE_API_KEY, GOOGLE_CLOUD_PROJECT, OAUTH_CLIENT_ID',
  });
});
