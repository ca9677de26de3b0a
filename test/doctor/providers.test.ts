/** What `volley doctor` finds at the providers: at the simulators, which are strict, and by outcome. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { examine, type Finding } from '../../functions/doctor/check.ts';
import { senderChecks } from '../../functions/doctor/providers.ts';
import { type Simulated, startSimulated } from '../../functions/local/simulated.ts';
import type { Outcome } from '../../functions/model/outcome.ts';
import type { Environment } from '../../functions/model/platform.ts';
import type { Provider } from '../../functions/model/provider/registry.ts';
import type { Verdict } from '../../functions/model/verdict.ts';
import type { Sender } from '../../functions/ports/ports.ts';
import type { AppCredentials } from '../../functions/providers/registry.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { startSimulator } from '../../functions/simulators/simulator.ts';

let simulated: Simulated;
before(async () => {
  simulated = await startSimulated({}, startSimulator);
});
after(() => simulated?.close());

const SIMULATED = /^SIMULATED at https:\/\/localhost:\d+, so no device gets anything: /;

/** Every finding names the simulator. What follows is the same as of the provider. */
function withoutPlace(findings: Finding[]): Finding[] {
  for (const it of findings) assert.match(it.detail, SIMULATED);
  return findings.map((it) => ({ ...it, detail: it.detail.replace(SIMULATED, '') }));
}

/** The findings for one app with these credentials instead of the right ones. */
async function found(wrong: Partial<{ apns: object; fcm: object }>) {
  const { apns, fcm } = simulated.apps.default!;
  const app = {
    apns: wrong.apns ? { ...apns, ...wrong.apns } : wrong.fcm ? null : apns,
    fcm: wrong.fcm ? { ...fcm, ...wrong.fcm } : wrong.apns ? null : fcm,
  } as AppCredentials;
  const senders = createSenders({ shop: app }, { ca: simulated.ca });
  try {
    return withoutPlace(await examine(senderChecks(senders, { shop: app })));
  } finally {
    await senders.close();
  }
}

test('good credentials: APNs refuses a made-up token as a token, FCM answers validate_only', async () => {
  const findings = await found({});
  assert.deepEqual(
    findings.map(({ check, state, detail }) => [check, state, detail]),
    [
      [
        'apns takes the credentials of "shop"',
        'well',
        'it refuses a made-up token as a token (BadDeviceToken): it accepts key and team, and does not object to the topic',
      ],
      [
        'fcm takes the credentials of "shop"',
        'well',
        'it answers a send with validate_only, and refuses a made-up token as a token (INVALID_ARGUMENT)',
      ],
    ],
  );
  const [apns, fcm] = await Promise.all([simulated.apns.stats(), simulated.fcm.stats()]);
  assert.deepEqual([apns.requests, apns.accepted, apns.rejected.BadDeviceToken], [1, 0, 1]);
  assert.deepEqual([fcm.requests, fcm.accepted, fcm.rejected.INVALID_ARGUMENT], [1, 0, 1]);
});

test('a key that Apple does not know is told from a bad token, with its meaning', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const key = other.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const apns of [{ key }, { keyId: 'WRONG12345' }, { teamId: 'OTHERTEAM1' }]) {
    const [it] = await found({ apns });
    assert.deepEqual(
      [it!.state, it!.detail],
      [
        'fault',
        'it refuses us: InvalidProviderToken: the key is revoked, or key, key id or team id is wrong',
      ],
    );
    assert.match(it!.next!, /^Compare APNS_KEY_ID and APNS_TEAM_ID with developer\.apple\.com/);
  }
});

test('a topic that Apple refuses is told as that', async () => {
  const [it] = await found({ apns: { topic: 'com.example.other' } });
  assert.deepEqual(
    [it!.state, it!.detail],
    ['fault', 'it refuses us: TopicDisallowed: the key may not send to this topic'],
  );
  assert.match(it!.next!, /^APNS_TOPIC must be the bundle id/);
});

test('a project that FCM refuses is told, in its own words', async () => {
  const [it] = await found({ fcm: { projectId: 'of-others' } });
  assert.equal(it!.state, 'fault');
  assert.match(it!.detail, /^it refuses us: PERMISSION_DENIED: .*cloudmessaging\.messages\.create/);
  assert.match(it!.next!, /FCM_PROJECT_ID/);
});

test('a provider that has no room, or refuses for its own sake, shows nothing', async (t) => {
  const broken = await startSimulated({
    apns: { unavailable: { every: 1, retryAfterSeconds: 1 } },
    fcm: { tooMany: { every: 1, retryAfterSeconds: 1 } },
  });
  t.after(() => broken.close());
  const senders = createSenders(broken.apps, { ca: broken.ca });
  t.after(() => senders.close());
  const findings = withoutPlace(await examine(senderChecks(senders, broken.apps)));
  assert.deepEqual(
    findings.map(({ state, detail }) => [state, detail]),
    [
      ['unknown', 'its answer shows nothing about the credentials: ServiceUnavailable'],
      // FCM checks the token before its quota
      ['well', findings[1]!.detail],
    ],
  );
});

/** A provider that gives every push the same answer. */
const answering = (outcome: Outcome, sent: string[] = []): Sender => ({
  check: () => [],
  lost: () => [],
  render: () => ({ headers: {}, payload: '{}', bytes: 0, mostBytes: 1 }),
  warm: async () => {},
  async send({ push, recipients, settle }) {
    sent.push(`${push.dryRun ? 'dry' : 'real'} ${recipients[0]!.token}`);
    settle(0, outcome);
  },
});

async function judged(provider: Provider, outcome: Outcome): Promise<Verdict> {
  const get = (_: string, asked: Provider) => (asked === provider ? answering(outcome) : null);
  const [finding] = await examine(senderChecks({ apps: () => [], get }, { default: {} }));
  return finding!;
}

test('an outcome is said for what it shows', async () => {
  const blocked = (reason: string, detail?: string): Outcome => ({
    kind: 'blocked',
    reason,
    ...(detail && { detail }),
  });
  for (const [provider, outcome, state, says] of [
    ['fcm', { kind: 'accepted' }, 'well', /^it answers a send with validate_only$/],
    ['apns', { kind: 'accepted' }, 'unknown', /which Apple does not$/],
    ['apns', blocked('ExpiredProviderToken'), 'fault', /too old/],
    ['apns', blocked('certificate revoked'), 'fault', /^it refuses us: certificate revoked$/],
    ['fcm', blocked('NOT_FOUND', 'No such project.'), 'fault', /NOT_FOUND: No such project\.$/],
    ['fcm', blocked('UNAUTHENTICATED'), 'fault', /UNAUTHENTICATED$/],
    ['fcm', { kind: 'unknown', reason: 'no answer' }, 'unknown', /no answer$/],
  ] as const) {
    const it = await judged(provider, outcome);
    assert.equal(it.state, state, outcome.kind);
    assert.match(it.detail, says);
    assert.equal(it.next === undefined, state === 'well');
  }
});

/** By environment. */
async function ofApple(outcomes: Record<Environment, Outcome>) {
  const [asked, sent]: string[][] = [[], []];
  const findings = await examine(
    senderChecks(
      {
        apps: () => [],
        get(_, provider, environment) {
          if (provider === 'fcm') return null;
          return {
            ...answering(outcomes[environment], sent),
            send: (batch) => {
              asked!.push(environment);
              return answering(outcomes[environment], sent).send(batch);
            },
          };
        },
      },
      { news: {} },
    ),
  );
  return { it: findings[0]!, count: findings.length, asked, sent };
}

const good: Outcome = { kind: 'rejected', reason: 'BadDeviceToken' };
const other: Outcome = { kind: 'blocked', reason: 'BadEnvironmentKeyInToken' };

test('Apple is asked where apps of the store are, and no device gets a push', async () => {
  const { it, count, asked, sent } = await ofApple({ production: good, sandbox: other });
  assert.deepEqual([count, it.state], [1, 'well']);
  assert.deepEqual(asked, ['production']);
  assert.deepEqual(sent, [`real ${'0'.repeat(64)}`]);
});

test('a key for the sandbox alone is told, and so is one for neither', async () => {
  const { it, asked } = await ofApple({ production: other, sandbox: good });
  assert.deepEqual(asked, ['production', 'sandbox']);
  assert.equal(it.state, 'unknown');
  assert.match(it.detail, /^its key is for the sandbox alone/);
  const neither = await ofApple({ production: other, sandbox: other });
  assert.equal(neither.it.state, 'fault');
  assert.match(neither.it.detail, /BadEnvironmentKeyInToken: the key is not for this environment/);
});

test('only a server on this machine is a simulator', async () => {
  const get = (_: string, provider: Provider) =>
    provider === 'fcm' ? answering({ kind: 'accepted' }) : null;
  const detailAt = async (origin: string) => {
    const fcm = { projectId: 'p', origin, auth: { kind: 'placeholder' as const } };
    return (await examine(senderChecks({ apps: () => [], get }, { default: { fcm } })))[0]!.detail;
  };
  for (const host of ['localhost', '127.0.0.1', '[::1]'])
    assert.match(await detailAt(`https://${host}:8443`), /^SIMULATED at /, host);
  for (const host of ['fcm.googleapis.com', 'localhost.example.com', '127.example.com'])
    assert.equal(await detailAt(`https://${host}`), 'it answers a send with validate_only', host);
});
