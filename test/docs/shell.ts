/** A local server with simulated providers, and a shell beside it in which a reader would type. */

import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Client, createClient } from '../../functions/cli/client/client.ts';
import { startLocal } from '../../functions/local/server/server.ts';
import { startSimulated } from '../../functions/local/simulated.ts';
import { createLog } from '../../functions/log.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { campaignOf } from '../contracts/store-fixture.ts';
import { failAll } from '../http/fixture.ts';
import { makeFolder } from '../store/folder.ts';
import { createReceiver } from '../webhooks/receiver.ts';

const run = promisify(execFile);
const DEADLINE_MS = 20 * 60 * 1000;
const ROOT = resolve(import.meta.dirname, '../..');
/** As pages write it: at least 16 characters once it is filled in. */
const SECRET = 'whsec_0123456789abcdef';
/** An APNs token by its form: pages register an iPhone with it. */
const TOKEN = 'a1'.repeat(32);

/** `npm test` is under way, and `npm ci` came before it. A refusal of the API is a failure. */
const PRELUDE = `set -euo pipefail
npx() { local name=$1; shift; if [[ $name == node ]]; then "$NODE" "$@"; else "$NODE" "$ROOT/functions/cli/main.ts" "$@"; fi; }
npm() { [[ $* == ci || $* == test ]] || command npm --silent --prefix "$ROOT" "$@"; }
curl() { command curl --silent --show-error --fail-with-body --max-time 60 "$@"; }
[[ ! -e state ]] || source ./state
`;

export async function startShell(t: TestContext) {
  const folder = makeFolder(t);
  for (const name of ['examples', 'node_modules'])
    symlinkSync(join(ROOT, name), join(folder, name));
  const simulated = await startSimulated();
  t.after(() => simulated.close());
  const server = await startLocal({
    dataDir: join(folder, '.volley'),
    port: 0,
    apiKey: null,
    // help texts name a second one
    apps: { ...simulated.apps, shop: simulated.apps.default! },
    ca: simulated.ca,
    log: createLog(() => {}),
  });
  t.after(() => server.stop());
  const receiver = await createReceiver(t);
  const client = createClient(server.url, server.apiKey);
  const values = {
    ...createValues(client, server.url, receiver.url),
    FAILED: once(() => failedCampaign(server.engine.store)),
    VOLLEY_URL: async () => server.url,
    VOLLEY_API_KEY: async () => server.apiKey,
    VOLLEY_DATA: async () => '.volley',
  };
  const filled = (text: string) =>
    text
      .replaceAll('http://127.0.0.1:8080', server.url)
      .replaceAll(/https:\/\/(example\.com\/hooks|hooks\.slack\.com)\/[\w/]+/g, receiver.url)
      .replaceAll('whsec_…', SECRET);
  const env = {
    PATH: process.env.PATH,
    PORT: new URL(server.url).port,
    VOLLEY_STATE: join(folder, 'imports'),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(folder, 'compiled'),
    NODE: process.execPath,
    ROOT,
  };

  return {
    folder,
    /** For a command line in this process. */
    access: { VOLLEY_URL: server.url, VOLLEY_API_KEY: server.apiKey },
    filled,
    /** What a reader has got by then. */
    value: (name: keyof typeof values) => values[name](),
    /** A file that a page shows, beside the commands that use it. */
    write: (name: string, text: string) => writeFileSync(join(folder, name), filled(text)),
    /** Runs it where the earlier ones ran, with the variables they have set. Throws if it fails. */
    async type(command: string): Promise<string> {
      let script = filled(command);
      for (const [name, value] of Object.entries(values))
        if (script.includes(`$${name}`)) script = `${name}=${await value()}; ${script}`;
        else if (script.startsWith(`${name}=…`)) script = `${name}=${await value()}`;
      // `set -e` ignores a failure on the left of `&&`, which is then the status of the line
      const set = Array.from(script.matchAll(/(?:^|; )([A-Z_]+)=/g), ([, name]) => name);
      const keep =
        set.length > 0 ? `\n[[ $? == 0 ]] || exit 1\ndeclare -p ${set.join(' ')} >> state` : '';
      const { stdout } = await run('bash', ['--norc', '-c', `${PRELUDE}${script}${keep}`], {
        cwd: folder,
        env,
        timeout: DEADLINE_MS,
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    },
  };
}

/** So few a minute that it lasts as long as the server. */
const SLOW = { perMinute: 60 };

interface Listed {
  items: { id: string; state?: string }[];
}

/** What a reader has got by then: by the names of the variables, made when one is first asked for. */
function createValues(client: Client, url: string, receiver: string) {
  const post = async (path: string, body: unknown) =>
    (await client.post<{ id: string }>(path, body)).id;
  const request = { name: 'A', audience: { everybody: true }, message: { title: 'T' } };
  const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
    const end = performance.now() + DEADLINE_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > end) throw new Error('what was waited for did not come');
      await wait(50);
    }
  };
  const sent = async () => {
    const id = await post('/v1/campaigns', request);
    return until(async () => {
      const { state } = await client.get<{ state: string }>(`/v1/campaigns/${id}`);
      return state === 'completed' ? id : undefined;
    });
  };
  const campaign = once(sent);
  const webhook = once(() => post('/v1/webhooks', { url: receiver }));
  return {
    TOKEN: async () => TOKEN,
    ID: campaign,
    CAMPAIGN: campaign,
    RUNNING: once(() => post('/v1/campaigns', { ...request, rate: SLOW })),
    PLANNED: once(() =>
      post('/v1/campaigns', { ...request, schedule: { at: '2100-01-01T00:00:00Z' } }),
    ),
    SCHEDULE: once(() =>
      post('/v1/schedules', { name: 'A', cron: '0 0 1 1 *', campaign: request }),
    ),
    WEBHOOK: webhook,
    DELIVERY: once(async () => {
      const path = `/v1/webhooks/${await webhook()}/deliveries`;
      await sent();
      return until(async () => {
        const { items } = await client.get<Listed>(path);
        return items.find((it) => it.state === 'delivered')?.id;
      });
    }),
    // a customer is what it lacks
    PING: once(async () => {
      const at = Math.floor(Date.now() / 1000);
      const body = JSON.stringify({ id: 'evt_1' });
      const mac = createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex');
      const headers = { 'Stripe-Signature': `t=${at},v1=${mac}` };
      await fetch(`${url}/v1/triggers/orders`, { method: 'POST', headers, body });
      const path = '/v1/triggers/orders/failed';
      return until(async () => (await client.get<Listed>(path)).items[0]?.id);
    }),
  };
}

/** A closed campaign, one failure of which is worth another try. */
async function failedCampaign(store: Store): Promise<string> {
  const now = Date.now();
  const campaign = campaignOf({ createdAt: now });
  await store.createCampaign(campaign, null, now + DEADLINE_MS);
  await failAll(store, campaign.id, ['token-1'], 'retry');
  await store.moveCampaign({
    id: campaign.id,
    from: ['running'],
    to: 'completed',
    reason: null,
    at: now,
  });
  return campaign.id;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
