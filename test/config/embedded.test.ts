import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { ConfigError } from '../../functions/config/common.ts';
import { type Config, readConfig } from '../../functions/config/embedded.ts';
import type { ApnsCertificate, ApnsKeys } from '../../functions/providers/apns/credentials.ts';
import { oldP12, PASSWORD, p12, pem } from '../providers/certificates.ts';

const pemOf = (pair: { privateKey: { export(how: object): string | Buffer } }) =>
  pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const key = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const otherCurve = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }));
const account = { type: 'service_account', client_email: 'a@b', private_key: 'PEM' };

const apns = {
  APNS_KEY: key,
  APNS_KEY_ID: 'ABC1234567',
  APNS_TEAM_ID: 'DEF1234567',
  APNS_TOPIC: 'com.example.app',
};

const keysOf = (config: Config) => config.apps.default!.apns as ApnsKeys;

const files = (contents: Record<string, unknown>) => (path: string) => {
  for (const [name, it] of Object.entries(contents))
    if (path.endsWith(name))
      return typeof it === 'string' || Buffer.isBuffer(it) ? it : JSON.stringify(it);
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
};

function faultsOf(env: Record<string, string>, contents: Record<string, unknown> = {}) {
  try {
    readConfig(env, files(contents));
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    for (const fault of error.faults) assert.ok(error.message.includes(fault.path));
    return error.faults.map((it) => it.path);
  }
  return [];
}

test('a variable named as a setting that is none is told', () => {
  const others = { VOLLEY_URL: 'http://x', VOLLEY_STATE: 'x', GOOGLE_APPLICATION_CREDENTIALS: 'x' };
  const { unknown } = readConfig({ ...apns, ...others, APNS_TOPICS: 'x', VOLLEY_DATE: 'x' });
  assert.deepEqual(unknown, ['APNS_TOPICS', 'VOLLEY_DATE']);
});

test('simulators can be told to refuse a share, and real providers cannot', () => {
  assert.equal(readConfig({ VOLLEY_SIMULATE: 'realistic' }).simulate, 'realistic');
  assert.equal(readConfig({ VOLLEY_SIMULATE: '' }).simulate, 'accepting');
  assert.deepEqual(readConfig({ VOLLEY_SIMULATE: 'realistic' }).unknown, []);
  for (const env of [
    { VOLLEY_SIMULATE: 'yes' },
    { VOLLEY_SIMULATE: 'realistic', FCM_PROJECT_ID: 'my-project' },
  ])
    assert.deepEqual(faultsOf(env), ['VOLLEY_SIMULATE']);
});

test('an empty environment is a working configuration without credentials', () => {
  const defaults = {
    port: 8080,
    dataDir: '.volley',
    apiKey: null,
    retentionDays: 30,
    trustedHops: 0,
    simulate: 'accepting',
    apps: {},
    unknown: [],
  };
  assert.deepEqual(readConfig({}), defaults);
  assert.deepEqual(readConfig({ PORT: '', APNS_KEY: '', VOLLEY_APPS: ' ' }), defaults);
});

test('APNs credentials make the app default, with Apple as the origins', () => {
  const { apps } = readConfig(apns);
  assert.deepEqual(apps.default, {
    apns: {
      key: key.trim(),
      keyId: 'ABC1234567',
      teamId: 'DEF1234567',
      topic: 'com.example.app',
      origins: {
        production: 'https://api.push.apple.com',
        sandbox: 'https://api.sandbox.push.apple.com',
      },
    },
    fcm: null,
  });
});

test('the APNs key may be a file, or have its line breaks written as \\n', () => {
  const fromFile = readConfig({ ...apns, APNS_KEY: 'keys/key.p8' }, files({ 'keys/key.p8': key }));
  assert.equal(keysOf(fromFile).key, key);
  const escaped = readConfig({ ...apns, APNS_KEY: key.trim().replaceAll('\n', '\\n') });
  assert.equal(keysOf(escaped).key, key.trim());
});

test('an origin of one’s own serves both environments', () => {
  const { apps } = readConfig({ ...apns, APNS_ORIGIN: 'https://127.0.0.1:8443/' });
  const own = 'https://127.0.0.1:8443';
  assert.deepEqual(apps.default!.apns!.origins, { production: own, sandbox: own });
});

test('a key may be joined by the one that is to replace it', () => {
  const next = { APNS_NEXT_KEY: key, APNS_NEXT_KEY_ID: 'NEW1234567' };
  assert.deepEqual(keysOf(readConfig({ ...apns, ...next })).next, {
    key: key.trim(),
    keyId: 'NEW1234567',
  });
  const { APNS_NEXT_KEY, APNS_NEXT_KEY_ID } = next;
  assert.deepEqual(faultsOf({ ...apns, APNS_NEXT_KEY }), ['APNS_NEXT_KEY_ID']);
  assert.deepEqual(faultsOf({ ...apns, APNS_NEXT_KEY_ID }), ['APNS_NEXT_KEY']);
  assert.deepEqual(faultsOf({ ...apns, ...next, APNS_NEXT_KEY: otherCurve }), ['APNS_NEXT_KEY']);
  assert.deepEqual(faultsOf({ ...apns, ...next, APNS_NEXT_KEY_ID: apns.APNS_KEY_ID }), [
    'APNS_NEXT_KEY_ID',
  ]);
});

test('a certificate stands in for the key: .p12, PEM file or PEM text', () => {
  const read = (APNS_CERT: string, more: object = {}) =>
    readConfig(
      { APNS_CERT, APNS_TOPIC: 'com.example.app', ...more },
      files({ 'push.p12': p12, 'push.pem': pem }),
    ).apps.default!.apns as ApnsCertificate;
  const secret = { APNS_CERT_PASSWORD: PASSWORD };
  assert.deepEqual(read('push.p12', secret).certificate, { pfx: p12, passphrase: PASSWORD });
  assert.deepEqual(read('keys/push.pem').certificate, { cert: pem, key: pem });
  const escaped = read(pem.trim().replaceAll('\n', '\\n')).certificate;
  assert.deepEqual(escaped, { cert: pem.trim(), key: pem.trim() });
  assert.equal(read('push.pem').topic, 'com.example.app');
});

test('a certificate that cannot be used is a fault that says why', () => {
  const contents = { 'push.p12': p12, 'old.p12': oldP12, 'push.pem': pem };
  const faults = (env: Record<string, string>) =>
    faultsOf({ APNS_TOPIC: 'com.example.app', ...env }, contents);
  const [APNS_CERT, APNS_CERT_PASSWORD] = ['push.p12', PASSWORD];
  assert.deepEqual(faults({ APNS_CERT, APNS_CERT_PASSWORD }), []);
  assert.deepEqual(faults({ APNS_CERT }), ['APNS_CERT_PASSWORD']);
  assert.deepEqual(faults({ APNS_CERT, APNS_CERT_PASSWORD: 'wrong' }), ['APNS_CERT_PASSWORD']);
  assert.deepEqual(faults({ APNS_CERT: 'old.p12', APNS_CERT_PASSWORD }), ['APNS_CERT']);
  assert.deepEqual(faults({ APNS_CERT: 'missing.p12' }), ['APNS_CERT']);
  assert.deepEqual(faults({ APNS_CERT: key }), ['APNS_CERT']);
  assert.deepEqual(faults({ APNS_CERT, APNS_CERT_PASSWORD, APNS_TOPIC: '' }), ['APNS_TOPIC']);
  assert.deepEqual(faultsOf({ ...apns, APNS_CERT, APNS_CERT_PASSWORD }, contents).sort(), [
    ...['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID'],
  ]);
  assert.deepEqual(faultsOf({ ...apns, APNS_CERT_PASSWORD }), ['APNS_CERT_PASSWORD']);
});

test('FCM takes a service account, Google’s own ways, or a placeholder at a foreign origin', () => {
  const read = (env: Record<string, string>) =>
    readConfig({ FCM_PROJECT_ID: 'my-project', ...env }, files({ 'sa.json': account })).apps
      .default!.fcm;
  assert.deepEqual(read({ GOOGLE_APPLICATION_CREDENTIALS: 'sa.json' }), {
    projectId: 'my-project',
    origin: 'https://fcm.googleapis.com',
    auth: { kind: 'service-account', json: account },
  });
  assert.deepEqual(read({})!.auth, { kind: 'application-default' });
  const foreign = read({ FCM_ORIGIN: 'https://localhost:9443' })!;
  assert.deepEqual(foreign.auth, { kind: 'placeholder' });
  assert.equal(foreign.origin, 'https://localhost:9443');
});

test('Google credentials alone do not make an app: they are there for other programs', () => {
  const env = { GOOGLE_APPLICATION_CREDENTIALS: 'missing.json' };
  assert.deepEqual(readConfig(env).apps, {});
});

test('several apps come from a file, with paths seen from there', () => {
  const { apps } = readConfig(
    { ...apns, VOLLEY_APPS: '/etc/volley/apps.json' },
    files({
      '/etc/volley/apps.json': {
        shop: {
          apns: { key: 'shop.p8', keyId: 'ABC1234567', teamId: 'DEF1234567', topic: 'com.shop' },
          fcm: { projectId: 'shop-project', credentials: 'shop.json' },
        },
      },
      '/etc/volley/shop.p8': key,
      '/etc/volley/shop.json': account,
    }),
  );
  assert.deepEqual(Object.keys(apps).sort(), ['default', 'shop']);
  assert.equal(apps.shop!.apns!.topic, 'com.shop');
  assert.equal(apps.shop!.fcm!.auth.kind, 'service-account');
});

test('the error names every fault', () => {
  const paths = faultsOf({
    PORT: '80x',
    VOLLEY_API_KEY: 'short',
    VOLLEY_APPS: 'missing.json',
    APNS_KEY: 'missing.p8',
    APNS_KEY_ID: 'abc',
    APNS_TOPIC: 'a b',
    APNS_ORIGIN: 'http://x',
    FCM_PROJECT_ID: 'My Project',
    FCM_ORIGIN: 'https://x/path',
    GOOGLE_APPLICATION_CREDENTIALS: 'missing.json',
    VOLLEY_RETENTION_DAYS: '0.5',
    VOLLEY_TRUSTED_HOPS: '-1',
  });
  assert.deepEqual(paths.sort(), [
    ...['APNS_KEY', 'APNS_KEY_ID', 'APNS_ORIGIN', 'APNS_TEAM_ID', 'APNS_TOPIC', 'FCM_ORIGIN'],
    ...['FCM_PROJECT_ID', 'GOOGLE_APPLICATION_CREDENTIALS', 'PORT', 'VOLLEY_API_KEY'],
    ...['VOLLEY_APPS', 'VOLLEY_RETENTION_DAYS', 'VOLLEY_TRUSTED_HOPS'],
  ]);
});

test('credentials given by half are a fault', () => {
  assert.deepEqual(faultsOf({ APNS_TOPIC: 'com.example.app' }), [
    ...['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID'],
  ]);
  assert.deepEqual(faultsOf({ FCM_ORIGIN: 'https://x' }), ['FCM_PROJECT_ID']);
});

test('a key of another kind is a fault, and is not quoted', () => {
  for (const APNS_KEY of [otherCurve, '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n']) {
    assert.deepEqual(faultsOf({ ...apns, APNS_KEY }), ['APNS_KEY']);
    assert.throws(
      () => readConfig({ ...apns, APNS_KEY }),
      (error: Error) => !error.message.includes(APNS_KEY.split('\n')[1]!),
    );
  }
});

test('a file of apps with faults has all of them named', () => {
  const faulty = {
    'a b': {},
    shop: { apns: { key: 'x', keyID: 'y' }, gcm: {} },
    news: { fcm: {}, apns: 7 },
    toys: { fcm: { projectId: 7 } },
    none: null,
  };
  assert.deepEqual(
    faultsOf({ VOLLEY_APPS: 'apps.json' }, { 'apps.json': faulty }).sort(),
    [
      ...['VOLLEY_APPS a b', 'VOLLEY_APPS shop.apns.key', 'VOLLEY_APPS shop.apns.keyID'],
      ...['VOLLEY_APPS shop.apns.keyId', 'VOLLEY_APPS news.fcm.projectId', 'VOLLEY_APPS news.apns'],
      ...['VOLLEY_APPS toys.fcm.projectId', 'VOLLEY_APPS none'],
      ...['VOLLEY_APPS shop.apns.teamId', 'VOLLEY_APPS shop.apns.topic', 'VOLLEY_APPS shop.gcm'],
    ].sort(),
  );
  for (const it of ['[]', 'null', '"x"'])
    assert.deepEqual(faultsOf({ VOLLEY_APPS: 'apps.json' }, { 'apps.json': it }), ['VOLLEY_APPS']);
  assert.deepEqual(faultsOf({ VOLLEY_APPS: 'apps.json' }, { 'apps.json': '{' }), ['VOLLEY_APPS']);
  const twice = { default: { fcm: { projectId: 'my-project' } } };
  assert.deepEqual(faultsOf({ ...apns, VOLLEY_APPS: 'apps.json' }, { 'apps.json': twice }), [
    'VOLLEY_APPS',
  ]);
});

test('a service account that is none is a fault', () => {
  const env = { FCM_PROJECT_ID: 'my-project', GOOGLE_APPLICATION_CREDENTIALS: 'sa.json' };
  for (const it of ['{', { type: 'service_account' }, { foo: 1 }])
    assert.deepEqual(faultsOf(env, { 'sa.json': it }), ['GOOGLE_APPLICATION_CREDENTIALS']);
});
