import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseCertificate } from '../../../functions/providers/apns/certificate.ts';
import type { ApnsCredentials } from '../../../functions/providers/apns/credentials.ts';
import { createSenders } from '../../../functions/providers/senders.ts';
import { makeApnsKey, startSimulator } from '../../../functions/simulators/simulator.ts';
import { answer, certificate as serverCertificate, startPeer } from '../../http2/peer.ts';
import { certificate, encryptedPem, oldP12, PASSWORD, p12, pem } from '../certificates.ts';
import { apnsCredentials, apnsKey, batch, kinds, push, TOPIC } from '../fixture.ts';

const revoked = makeApnsKey();
const apnsOf = (senders: ReturnType<typeof createSenders>, app = 'default') =>
  senders.get(app, 'apns', 'production')!;

function simulatorOf(clientCa?: string) {
  return startSimulator({
    provider: 'apns',
    publicKey: apnsKey.publicKey,
    topics: [TOPIC],
    keyId: 'KEY1234567',
    teamId: 'TEAM123456',
    ...(clientCa !== undefined && { clientCa }),
  });
}

test('after the key is revoked the next one is used: no push is lost, and it is logged once', async (t) => {
  const simulator = await simulatorOf();
  t.after(() => simulator.close());
  const { key, keyId, ...rest } = apnsCredentials(simulator.origin);
  const apps = {
    default: {
      apns: { ...rest, key: revoked.privateKey, keyId: 'OLD1234567', next: { key, keyId } },
      fcm: null,
    },
  };
  const refused: object[] = [];
  const log = { apnsKeyRefused: (it: object) => void refused.push(it) };
  const senders = createSenders({ ...apps, other: apps.default }, { ca: simulator.ca, log });
  t.after(() => senders.close());
  for (const app of ['default', 'other']) {
    await simulator.reset();
    const { it, outcomes } = batch('apns', 2500);
    await apnsOf(senders, app).send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 2500 });
    const { duplicates, rejected } = await simulator.stats();
    assert.equal(duplicates, 0);
    assert.ok((rejected.InvalidProviderToken ?? 0) <= (app === 'default' ? 1000 : 0));
  }
  assert.deepEqual(refused, [{ keyId: 'OLD1234567', nowUsed: 'KEY1234567' }]);
});

test('a key that is revoked in the middle of a batch loses no push', async (t) => {
  const kidOf = (authorization: string) =>
    JSON.parse(Buffer.from(authorization.slice(7).split('.')[0]!, 'base64url').toString()).kid;
  const kidsOf = new Map<unknown, Set<string>>();
  let taken = 0;
  const peer = await startPeer(t, (stream, headers, { session }) => {
    const kid = kidOf(headers.authorization!);
    kidsOf.set(session, (kidsOf.get(session) ?? new Set()).add(kid));
    if (kid === 'KEY1234567' && taken >= 700) {
      answer(stream, 403, '{"reason":"InvalidProviderToken"}');
      return 'not processed';
    }
    taken += 1;
    return answer(stream);
  });
  const next = { key: revoked.privateKey, keyId: 'NEW1234567' };
  const apns = { ...apnsCredentials(peer.origin), next };
  const senders = createSenders({ default: { apns, fcm: null } }, { ca: serverCertificate.cert });
  t.after(() => senders.close());
  const { it, outcomes } = batch('apns', 3000);
  await apnsOf(senders).send(it);
  assert.deepEqual(kinds(outcomes), { accepted: 3000 });
  assert.equal(peer.processed.size, 3000);
  assert.ok([...peer.processed.values()].every((times) => times === 1));
  for (const kids of kidsOf.values()) assert.equal(kids.size, 1, 'a connection knows one key');
});

test('if both keys are refused the pushes are blocked, and either key may be repaired', async (t) => {
  let good = '';
  const peer = await startPeer(t, (stream, headers) =>
    headers.authorization?.includes(good) && good
      ? answer(stream)
      : answer(stream, 403, '{"reason":"InvalidProviderToken"}'),
  );
  const next = { key: revoked.privateKey, keyId: 'NEW1234567' };
  const apns = { ...apnsCredentials(peer.origin), next };
  const senders = createSenders({ default: { apns, fcm: null } }, { ca: serverCertificate.cert });
  t.after(() => senders.close());
  for (const kid of ['', 'KEY1234567', '', 'NEW1234567']) {
    good =
      kid && Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid })).toString('base64url');
    const { it, outcomes } = batch('apns', 1500);
    await apnsOf(senders).send(it);
    assert.deepEqual(Object.keys(kinds(outcomes)), [kid ? 'accepted' : 'blocked']);
    if (!kid)
      assert.deepEqual(outcomes.get(0), [{ kind: 'blocked', reason: 'InvalidProviderToken' }]);
  }
});

for (const [form, bytes, password] of [
  ['.p12', p12, PASSWORD],
  ['PEM', Buffer.from(pem), undefined],
  ['PEM with an encrypted key', Buffer.from(encryptedPem), PASSWORD],
] as const)
  test(`a certificate (${form}) replaces a key`, async (t) => {
    const simulator = await simulatorOf(certificate);
    t.after(() => simulator.close());
    const parsed = parseCertificate(bytes, password);
    assert.ok(typeof parsed === 'object');
    const origins = { production: simulator.origin, sandbox: simulator.origin };
    const apns: ApnsCredentials = { certificate: parsed, topic: TOPIC, origins };
    const other = { ...apns, topic: 'com.example.other' };
    const senders = createSenders(
      { default: { apns, fcm: null }, other: { apns: other, fcm: null } },
      { ca: simulator.ca },
    );
    t.after(() => senders.close());
    const { it, outcomes } = batch('apns', 1200);
    await apnsOf(senders).send(it);
    assert.deepEqual(kinds(outcomes), { accepted: 1200 });
    assert.equal((await simulator.lastAccepted())!.headers.authorization, undefined);
    const refused = batch('apns', 1);
    await apnsOf(senders, 'other').send(refused.it);
    assert.deepEqual(refused.outcomes.get(0), [{ kind: 'blocked', reason: 'TopicDisallowed' }]);
    const activity = push({
      apns: {
        pushType: 'liveactivity',
        payload: { aps: { event: 'update', 'content-state': {} } },
      },
    });
    assert.match(
      apnsOf(senders)
        .check(activity)
        .map((it) => it.message)
        .join(),
      /liveactivity needs a key/,
    );
  });

test('without a valid certificate the simulator requires a token', async (t) => {
  const simulator = await simulatorOf(serverCertificate.cert);
  t.after(() => simulator.close());
  const origins = { production: simulator.origin, sandbox: simulator.origin };
  const apns = { certificate: { cert: pem, key: pem }, topic: TOPIC, origins };
  const senders = createSenders({ default: { apns, fcm: null } }, { ca: simulator.ca });
  t.after(() => senders.close());
  const { it, outcomes } = batch('apns', 1);
  await apnsOf(senders).send(it);
  assert.deepEqual(outcomes.get(0), [{ kind: 'blocked', reason: 'MissingProviderToken' }]);
});

/** A server that ends every handshake with this alert (RFC 8446, section 6). */
async function startAlerting(t: TestContext, code: number): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, code])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

test('a certificate that is refused in the handshake blocks; other alerts pass', async (t) => {
  const answers = [
    [44, { kind: 'blocked', reason: 'BadCertificate (certificate revoked)', proven: true }],
    [45, { kind: 'blocked', reason: 'BadCertificate (certificate expired)', proven: true }],
    [48, { kind: 'blocked', reason: 'BadCertificate (unknown ca)', proven: true }],
    [80, null],
  ] as const;
  const meet = async ([code, outcome]: (typeof answers)[number]) => {
    const origin = await startAlerting(t, code);
    const origins = { production: origin, sandbox: origin };
    const apns = { certificate: { cert: pem, key: pem }, topic: TOPIC, origins };
    const senders = createSenders({ default: { apns, fcm: null } });
    t.after(() => senders.close());
    const { it, outcomes } = batch('apns', 3);
    await apnsOf(senders).send(it);
    if (outcome) assert.deepEqual(outcomes.get(0), [outcome]);
    else assert.deepEqual(kinds(outcomes), { retry: 3 });
  };
  await Promise.all(answers.map(meet));
});

test('a certificate that cannot be used says why', () => {
  assert.equal(parseCertificate(p12, 'wrong'), 'password');
  assert.equal(parseCertificate(p12, undefined), 'password');
  assert.equal(parseCertificate(oldP12, PASSWORD), 'old cipher');
  assert.equal(parseCertificate(Buffer.from(encryptedPem), 'wrong'), 'password');
  assert.equal(parseCertificate(Buffer.from(encryptedPem), undefined), 'password');
  assert.equal(parseCertificate(Buffer.from(certificate), undefined), 'unreadable');
  assert.equal(
    parseCertificate(Buffer.from(certificate + revoked.privateKey), undefined),
    'other key',
  );
  assert.equal(parseCertificate(Buffer.from(revoked.privateKey), undefined), 'unreadable');
  assert.equal(parseCertificate(Buffer.from('hello'), undefined), 'unreadable');
});
