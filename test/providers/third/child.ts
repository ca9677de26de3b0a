/**
 * Volley with three providers in its own process, started with `--conditions=volley-test`. It calls the
 * API and prints the answers as one line of JSON.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbedded } from '../../../functions/engines/embedded.ts';
import { createApi } from '../../../functions/http/api.ts';
import { hashKey } from '../../../functions/http/auth/authorize.ts';
import { startSimulated } from '../../../functions/local/simulated.ts';
import { createLog } from '../../../functions/log.ts';
import { isClosed } from '../../../functions/model/campaign.ts';
import { fullScopes } from '../../../functions/model/key.ts';
import { queueNames } from '../../../functions/model/queues.ts';
import type { Senders } from '../../../functions/ports/ports.ts';
import { createSenders } from '../../../functions/providers/senders.ts';
import { behaviour, defaultSettings } from '../../../functions/simulators/shared/behaviour.ts';
import { makeCertificate } from '../../../functions/simulators/shared/certificate.ts';
import { startSimulatedServer } from '../../../functions/simulators/shared/server.ts';
import { sampleToken } from '../../../functions/simulators/shared/tokens.ts';
import { pigeonRules } from './rules.ts';
import { createPigeonSender } from './sender.ts';

const OF_EACH = 200;
const dataDir = await mkdtemp(join(tmpdir(), 'volley-third-'));
const simulated = await startSimulated();
const certificate = await makeCertificate();
const settings = {
  ...defaultSettings,
  deadShare: 0.1,
  unavailable: { next: 5, retryAfterSeconds: 0 },
};
const behaves = behaviour(pigeonRules, settings, Date.now);
const loft = await startSimulatedServer({ port: 0, certificate, settings, behaviour: behaves });
const pigeon = createPigeonSender(`https://localhost:${loft.port}`, certificate.cert);
const own = createSenders(simulated.apps, { ca: simulated.ca });
const senders: Senders = {
  apps: () => own.apps(),
  get: (app, provider, environment) =>
    (provider as string) === 'pigeon' ? pigeon : own.get(app, provider, environment),
};
const log = createLog(() => {});
const engine = createEmbedded({ dataDir, senders, log });
const key = 'k'.repeat(40);
await engine.store.putKey({ hash: hashKey(key), name: 'test', scopes: fullScopes });
const api = createApi(engine, { isLocal: true });
engine.start();

async function ask(method: string, path: string, body?: unknown) {
  const response = await api.request(path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of several kinds, looked at by the test
  return { status: response.status, body: (await response.json()) as any };
}

const register = (id: string, registration: object) =>
  ask('PUT', `/v1/installations/${id}`, registration);

for (let i = 0; i < OF_EACH; i++) {
  await register(`ios-${i}`, { platform: 'ios', token: sampleToken('apns', i) });
  await register(`android-${i}`, { platform: 'android', token: sampleToken('fcm', i) });
  // the web is Pigeon's without being named
  await register(`web-${i}`, { platform: 'web', token: `loft-${1000 + i}` });
}
const refused = [
  await register('bad', { platform: 'web', token: 'not a loft' }),
  await register('bad', { platform: 'web', token: 'loft-12' }),
  await register('bad', { platform: 'ios', provider: 'pigeon', token: 'loft-1000' }),
].map(({ status, body }) => ({ status, faults: body.faults }));

const request = {
  name: 'three',
  audience: { everybody: true },
  message: { title: 'Hello', sound: 'coo' },
};
const estimate = await ask('POST', '/v1/audiences:estimate', request);
const untitled = await ask('POST', '/v1/campaigns', { ...request, message: { body: 'x' } });
const test = await ask('POST', '/v1/campaigns:test', {
  ...request,
  audience: { installationIds: ['web-1'] },
  dryRun: true,
});
const accepted = await ask('POST', '/v1/campaigns', request);
const path = `/v1/campaigns/${accepted.body.id}`;
let campaign = await ask('GET', path);
while (!isClosed(campaign.body.state)) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  campaign = await ask('GET', path);
}
const { apns, fcm } = simulated;
console.log(
  JSON.stringify({
    queues: queueNames,
    refused,
    estimate: estimate.body,
    untitled,
    test: test.body,
    campaign: campaign.body,
    onTheWire: {
      apns: (await apns.stats()).distinct,
      fcm: (await fcm.stats()).distinct,
      pigeon: behaves.stats(),
    },
  }),
);
await engine.stop();
await Promise.all([own.close(), pigeon.close(), simulated.close(), loft.close()]);
await rm(dataDir, { recursive: true, force: true });
