import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { startFunction, type Target } from '../../functions/local/google/function.ts';
import { buildFunctions } from '../../infra/build.ts';
import { type Lock, pruneLock } from '../../infra/lock.ts';
import { testCampaign } from './campaign.ts';
import { commandsOf, inventoryOf } from './gcloud.ts';

const run = promisify(execFile);
const INSTALL_MS = 20 * 60 * 1000;

let folder: string;
/** installed, as the platform does; where it may not be, it finds the packages of this folder */
let dist: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'volley-build-'));
  await buildFunctions(join(folder, 'dist'));
  dist = join(folder, 'deployed');
  await cp(join(folder, 'dist'), dist, { recursive: true });
  if (process.env.REQUIRE_DEPLOY)
    await run('npm', ['ci', '--omit=dev'], { cwd: dist, timeout: INSTALL_MS });
  else await symlink(resolve('node_modules'), join(dist, 'node_modules'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** What every file of a folder holds, by its path in it. */
async function contents(of: string): Promise<Record<string, string>> {
  const files = await readdir(of, { recursive: true, withFileTypes: true });
  const paths = files.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
  const texts = paths.map(async (path) => [path.slice(of.length), await readFile(path, 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}

test('a build that is made twice has the same bytes', async () => {
  await buildFunctions(join(folder, 'again'));
  const first = await contents(join(folder, 'dist'));
  assert.deepEqual(await contents(join(folder, 'again')), first);
  assert.ok('/index.js' in first && '/index.js.map' in first);
});

test('a build holds only what runs, and no path of the machine it was made on', async () => {
  const files = await contents(join(folder, 'dist'));
  for (const [path, text] of Object.entries(files)) {
    assert.match(path, /^\/(index\.js|chunks\/[\w-]+\.js|package(-lock)?\.json)(\.map)?$/);
    assert.ok(!text.includes(process.cwd()), `${path} names a folder of this machine`);
    if (path.endsWith('.js')) assert.match(text, /\/\/# sourceMappingURL=[\w-]+\.js\.map\n$/, path);
  }
  const sources = Object.entries(files)
    .filter(([path]) => path.endsWith('.map'))
    .flatMap(([, text]) => JSON.parse(text).sources as string[]);
  assert.ok(sources.some((it) => it.endsWith('functions/pipeline/send/send.ts')));
  for (const it of sources) assert.doesNotMatch(it, /functions\/(local|cli)\//);
});

test('the built API starts without the Pub/Sub library, which only dead letters need', async () => {
  const of = (name: string) => `https://volley-${name}.example.com`;
  const env = {
    GOOGLE_CLOUD_PROJECT: 'example-project',
    VOLLEY_REGION: 'europe-west1',
    VOLLEY_INVOKER: 'volley-invoker@example-project.iam.gserviceaccount.com',
    VOLLEY_URL: of('api'),
    VOLLEY_PLAN_URL: of('plan'),
    VOLLEY_DELIVER_URL: of('deliver'),
    VOLLEY_SEND_APNS_URL: of('send-apns'),
    VOLLEY_SEND_FCM_URL: of('send-fcm'),
    FCM_PROJECT_ID: 'example-project',
  };
  const preload = [new URL('../world/loaded.js', import.meta.url).href];
  const api = await startFunction('api', env, {
    entry: dist,
    framework: frameworkOf(dist),
    preload,
  });
  try {
    // the server that answers is ours from the first request on
    assert.equal((await fetch(`${api.url}/openapi.json`)).status, 200);
    api.child.send('loaded');
    const [packages] = (await once(api.child, 'message')) as [string[]];
    assert.ok(packages.includes('@google-cloud/firestore'), packages.join());
    assert.deepEqual(
      packages.filter((it) => it.includes('pubsub')),
      [],
    );
  } finally {
    await api.end('SIGTERM');
  }
});

test('a lock file is cut to what is needed, with the very versions that were tested', async () => {
  const lock = JSON.parse(await readFile(join(folder, 'dist/package-lock.json'), 'utf8')) as Lock;
  const whole = JSON.parse(await readFile('package-lock.json', 'utf8')) as Lock;
  for (const [place, it] of Object.entries(lock.packages)) {
    if (place === '') continue;
    assert.deepEqual(it, whole.packages[place], place);
    assert.ok(!it.dev, `${place} is for developers`);
  }
});

test('a package is kept where Node finds it, with what it may need', () => {
  const locked = (dependencies: Record<string, string> = {}, more = {}) => ({
    version: '1.0.0',
    dependencies,
    ...more,
  });
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': {},
      'node_modules/a': locked({ b: '1' }, { peerDependencies: { p: '1', q: '1' } }),
      'node_modules/a/node_modules/b': locked({ '@s/c': '1' }),
      'node_modules/b': locked({ unused: '1' }),
      'node_modules/@s/c': locked({ a: '1' }, { optionalDependencies: { 'not-here': '1' } }),
      'node_modules/p': locked(),
      'node_modules/q': locked(),
      'node_modules/unused': locked(),
    },
  };
  const manifest = { name: 'x', version: '1.0.0', engines: {}, dependencies: { a: '1' } };
  assert.deepEqual(Object.keys(pruneLock(lock, manifest).packages), [
    '',
    'node_modules/@s/c',
    'node_modules/a',
    'node_modules/a/node_modules/b',
    'node_modules/p',
    'node_modules/q',
  ]);
  assert.throws(
    () => pruneLock(lock, { ...manifest, dependencies: { z: '1' } }),
    /z, which x needs, is not in package-lock.json/,
  );
});

suite('a clean install', {
  skip: !process.env.REQUIRE_DEPLOY && 'needs the npm registry: set REQUIRE_DEPLOY=1',
}, () => {
  let deployed: Record<string, { target: Target; environment: Record<string, string> }>;
  before(async () => {
    // with the very environment that the functions are deployed with
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = join(folder, 'AuthKey.p8');
    await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const commands = await commandsOf({
      PROJECT: 'example-project',
      PROJECT_NUMBER: '123456789012',
      APNS_KEY_ID: 'ABC123DEFG',
      APNS_TEAM_ID: 'DEF123GHIJ',
      APNS_TOPIC: 'com.example.app',
    });
    const inventory = await inventoryOf(commands);
    deployed = Object.fromEntries(
      Object.entries(inventory)
        .filter(([name]) => name.startsWith('function '))
        .map(([name, it]) => {
          const { target, environment } = it as (typeof deployed)[string];
          const invoker = 'volley-invoker@example-project.iam.gserviceaccount.com';
          const env: typeof environment = {
            ...environment,
            VOLLEY_INVOKER: invoker,
            K_SERVICE: name.slice(9),
          };
          return [name, { target, environment: env.APNS_KEY ? { ...env, APNS_KEY: key } : env }];
        }),
    );
  });

  for (const name of ['api', 'plan', 'send-apns', 'send-fcm', 'deliver', 'tick'])
    test(`${name} starts from it and says how it is`, async () => {
      // the API asks its store, which is not there; campaign.ts finds it well
      const status = name === 'api' ? 503 : 200;
      const { target, environment } = deployed[`function volley-${name}`]!;
      const fn = await startFunction(target, environment, {
        entry: dist,
        framework: frameworkOf(dist),
      });
      try {
        for (const path of ['/healthz', '/health']) {
          const response = await fetch(fn.url + path);
          assert.equal(response.status, status);
          const said = (await response.json()) as { status: unknown };
          assert.equal(said.status, status === 200 ? 'ok' : status);
        }
        // no request may come in meanwhile
        const refused = await fetch(fn.url, { method: 'POST', body: '{}' });
        assert.ok([401, 403, 404, 405].includes(refused.status), String(refused.status));
      } finally {
        const { code } = await fn.end('SIGTERM');
        assert.equal(code, 0, fn.output());
      }
    });
});

testCampaign(() => ({ dist, framework: frameworkOf(dist) }));

const frameworkOf = (dist: string) =>
  join(dist, 'node_modules/@google-cloud/functions-framework/build/src/main.js');
