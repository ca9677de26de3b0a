import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../functions/config/common.ts';
import { readGoogleConfig } from '../../functions/config/google.ts';

const env = {
  GOOGLE_CLOUD_PROJECT: 'my-project-1234',
  VOLLEY_REGION: 'europe-west1',
  VOLLEY_INVOKER: 'volley-invoker@my-project-1234.iam.gserviceaccount.com',
  VOLLEY_URL: 'https://volley-plan-1.europe-west1.run.app',
  VOLLEY_PLAN_URL: 'https://volley-plan-1.europe-west1.run.app',
  VOLLEY_SEND_APNS_URL: 'https://volley-send-apns-1.europe-west1.run.app',
  VOLLEY_SEND_FCM_URL: 'https://europe-west1-my-project-1234.cloudfunctions.net/volley-send-fcm',
  VOLLEY_DELIVER_URL: 'https://volley-deliver-1.europe-west1.run.app',
};
const deployed = { ...env, K_SERVICE: 'volley-plan' };

const nothing = () => {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
};

function faultsOf(given: Record<string, string | undefined>) {
  try {
    readGoogleConfig(given, nothing);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    for (const fault of error.faults) assert.ok(error.message.includes(fault.path));
    return error.faults.map((it) => it.path);
  }
  return [];
}

test('what has a default may be left out, or be empty', () => {
  const config = readGoogleConfig({ ...env, VOLLEY_PREFIX: ' ', PUBSUB_EMULATOR_HOST: '' });
  assert.deepEqual(config, {
    project: 'my-project-1234',
    region: 'europe-west1',
    prefix: 'volley',
    database: '(default)',
    retentionDays: 30,
    trustedHops: 1,
    invoker: env.VOLLEY_INVOKER,
    invokerCheck: 'signature',
    url: env.VOLLEY_URL,
    urls: {
      plan: env.VOLLEY_PLAN_URL,
      sendApns: env.VOLLEY_SEND_APNS_URL,
      sendFcm: env.VOLLEY_SEND_FCM_URL,
      deliver: env.VOLLEY_DELIVER_URL,
    },
    apps: {},
    isLocal: false,
    local: {},
  });
});

test('the error names every missing variable', () => {
  assert.deepEqual(faultsOf({}).sort(), Object.keys(env).sort());
});

test('the error names every wrong variable, credentials included', () => {
  const wrong = {
    GOOGLE_CLOUD_PROJECT: '123',
    VOLLEY_REGION: 'Belgium',
    VOLLEY_PREFIX: 'a-prefix-that-is-too-long',
    VOLLEY_DATABASE: 'Main',
    VOLLEY_RETENTION_DAYS: '0.5',
    VOLLEY_TRUSTED_HOPS: '0',
    VOLLEY_INVOKER: 'ann@example.com',
    VOLLEY_INVOKER_CHECK: 'none',
    VOLLEY_URL: 'volley.example',
    VOLLEY_PLAN_URL: 'https://a.b/?x=1',
    VOLLEY_SEND_APNS_URL: 'ftp://a.b/',
    VOLLEY_SEND_FCM_URL: 'https://user@a.b/',
    VOLLEY_DELIVER_URL: 'https://a.b/#x',
    FIRESTORE_EMULATOR_HOST: 'localhost',
    PUBSUB_EMULATOR_HOST: 'http://localhost:1',
    CLOUD_TASKS_EMULATOR_HOST: ':1',
    FIREBASE_AUTH_EMULATOR_HOST: 'a b:1',
    VOLLEY_OIDC_CERTS: 'http://certs.example/certs',
    APNS_KEY: 'gone.p8',
  };
  const expected = [...Object.keys(wrong), 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'];
  assert.deepEqual(faultsOf(wrong).sort(), expected.sort());
});

test('certificates of callers come from this machine or from Google, from nowhere else', () => {
  const take = (VOLLEY_OIDC_CERTS: string) => faultsOf({ ...env, VOLLEY_OIDC_CERTS });
  for (const it of ['http://127.0.0.1:9000/certs', 'http://localhost/', 'http://[::1]:1/certs'])
    assert.deepEqual(take(it), [], it);
  for (const it of [
    'https://127.0.0.1:9000/certs',
    'http://127.0.0.1.evil.example/certs',
    'http://127.0.0.1@evil.example/certs',
    'http://localhost.evil.example:1/',
    'http://10.0.0.1/certs',
    '127.0.0.1:9000',
  ])
    assert.deepEqual(take(it), ['VOLLEY_OIDC_CERTS'], it);
});

test('a deployed function does not start with anything that is for a developer’s machine', () => {
  assert.deepEqual(faultsOf(deployed), []);
  const local = {
    FIRESTORE_EMULATOR_HOST: '127.0.0.1:1',
    PUBSUB_EMULATOR_HOST: '127.0.0.1:2',
    CLOUD_TASKS_EMULATOR_HOST: '127.0.0.1:3',
    FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:4',
    VOLLEY_OIDC_CERTS: 'http://127.0.0.1:5/certs',
  };
  assert.deepEqual(faultsOf({ ...env, ...local }), []);
  assert.deepEqual(faultsOf({ ...deployed, ...local }).sort(), Object.keys(local).sort());
  const plain = { VOLLEY_PLAN_URL: 'http://127.0.0.1:8080/' };
  assert.deepEqual(faultsOf({ ...env, ...plain }), []);
  assert.deepEqual(faultsOf({ ...deployed, ...plain }), ['VOLLEY_PLAN_URL']);
});

test('the check of callers is left to Cloud Run only where there is Cloud Run', () => {
  const check = { VOLLEY_INVOKER_CHECK: 'platform' };
  assert.equal(readGoogleConfig({ ...deployed, ...check }).invokerCheck, 'platform');
  assert.deepEqual(faultsOf({ ...env, ...check }), ['VOLLEY_INVOKER_CHECK']);
});
