/** `volley message` and `volley trigger` with a local server, over real sockets. */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../../functions/cli/program.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { FailedPingView, TriggerView } from '../../../functions/http/triggers/view.ts';
import { type LocalServer, startLocal } from '../../../functions/local/server/server.ts';
import { type Simulated, startSimulated } from '../../../functions/local/simulated.ts';
import { createLog } from '../../../functions/log.ts';
import { startSimulator } from '../../../functions/simulators/simulator.ts';
import { until } from '../../until.ts';
import { sample } from '../../world/sample.ts';

const secret = 'a secret of sixteen and more';
const orders = {
  proof: { kind: 'github', secret },
  audience: { userIds: ['{{order.buyer}}'] },
  message: { title: 'Order {{order.number}}' },
  idPath: 'event',
};

let folder: string;
let simulated: Simulated;
let local: LocalServer;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'volley-cli-'));
  simulated = await startSimulated({}, startSimulator);
  const { apps, ca } = simulated;
  const log = createLog(() => {});
  local = await startLocal({ dataDir: folder, port: 0, apiKey: null, apps, ca, log });
  await local.engine.store.putInstallations(
    [0, 1, 2].map((i) => ({ ...sample(i), userId: `user-${i}` })),
  );
});
after(async () => {
  await local.stop();
  await simulated.close();
  await rm(folder, { recursive: true });
});

async function volley(...args: string[]) {
  const out = { stdout: '', stderr: '' };
  const to = (name: 'stdout' | 'stderr') => ({
    write: (text: string | Uint8Array) => {
      out[name] += text;
      return true;
    },
  });
  const env = { VOLLEY_URL: local.url, VOLLEY_API_KEY: local.apiKey };
  const code = await run(args, { env, stdout: to('stdout'), stderr: to('stderr') });
  for (const line of (out.stdout + out.stderr).split('\n'))
    if (!args.includes('--json')) assert.ok(line.length <= 80, `more than 80 columns: ${line}`);
  return { code, ...out };
}

async function triggerFile(it: unknown) {
  const path = join(folder, 'trigger.json');
  await writeFile(path, typeof it === 'string' ? it : JSON.stringify(it));
  return path;
}

/** As the outside service does; with another secret it is forged. */
async function ping(it: unknown, key = secret) {
  const body = JSON.stringify(it);
  const signature = createHmac('sha256', key).update(body).digest('hex');
  const headers = { 'X-Hub-Signature-256': `sha256=${signature}` };
  const url = `${local.url}/v1/triggers/orders`;
  assert.equal((await fetch(url, { method: 'POST', headers, body })).status, 200);
}

const accepted = async (i: number) =>
  (await simulated[i % 2 ? 'fcm' : 'apns'].countOf(sample(i).token)) ?? 0;

test('a message prints its results, and with --json in one document', async () => {
  const sent = await volley('message', '--user', 'user-0', '--title', 'Hi');
  assert.equal(sent.code, 0);
  assert.match(sent.stdout, /^[0-9a-f]{20} {2}1 accepted, 0 failed, 0 pending\n$/);
  assert.equal(sent.stderr, '');
  assert.equal(await accepted(0), 1);

  const both = ['--installation', 'installation-0', '--installation', 'installation-1'];
  const json = await volley('message', ...both, '--body', 'Hi', '--wait', '20', '--json');
  assert.equal(json.stderr, '');
  const { id, state, counts, failures, ...rest } = JSON.parse(json.stdout);
  assert.deepEqual(
    [state, counts, failures],
    ['completed', { recipients: 2, accepted: 2, failed: 0, skipped: 0, pending: 0 }, []],
  );
  const known: (keyof CampaignView)[] = ['app', 'name', 'audience', 'message', 'createdAt'];
  for (const it of known) assert.ok(it in rest, it);
  assert.equal((await volley('report', id)).code, 0, 'it is a campaign');
});

test('the same key sends once; --wait 0 does not wait', async () => {
  const args = ['message', '--user', 'user-2', '--title', 'Hi', '--idempotency-key', 'order-17'];
  const first = JSON.parse((await volley(...args, '--wait', '0', '--json')).stdout);
  await until(async () => (await accepted(2)) === 1);
  const second = JSON.parse((await volley(...args, '--json')).stdout);
  assert.deepEqual([second.id, second.counts.accepted], [first.id, 1]);
  assert.equal(await accepted(2), 1);
});

test('a message that fails prints the recipient and the reason, with 1', async () => {
  await simulated.apns.set({ badShare: 1 });
  const failed = await volley('message', '--installation', 'installation-0', '--title', 'Hi');
  await simulated.apns.set({ badShare: 0 });
  assert.equal(failed.code, 1);
  assert.match(
    failed.stdout,
    /0 accepted, 1 failed, 0 pending\n {2}installation-0 {2}BadDeviceToken\n$/,
  );
});

test('a message without recipients says so', async () => {
  const sent = await volley('message', '--user', 'nobody', '--title', 'Hi');
  assert.equal(sent.code, 0);
  assert.match(sent.stdout, /0 pending\n {2}none of them has the app\n$/);
});

test('a trigger is made, called, listed and removed by hand', async () => {
  assert.equal((await volley('triggers', 'list')).stdout, 'none\n');
  const put = await volley('triggers', 'put', 'orders', await triggerFile(orders));
  assert.equal(put.code, 0);
  assert.equal(
    put.stdout,
    `orders  default  github  0 received, 0 forged\n${local.url}/v1/triggers/orders\n`,
  );
  const before = await accepted(1);
  await ping({ event: 'e1', order: { buyer: 'user-1', number: 17 } });
  await ping({ event: 'e1', order: { buyer: 'user-1', number: 17 } });
  await ping({ event: 'e2', order: { buyer: 'user-1', number: 18 } }, 'not the secret of it');
  await until(async () => (await accepted(1)) > before);

  await ping({ event: 'e3', order: { buyer: 'user-1' } });
  const shown = await until(async () => {
    const failed = await volley('triggers', 'failed', 'orders');
    return failed.stdout !== 'none\n' && failed.stdout;
  });
  assert.match(
    shown,
    /^ID {24}AT {24}FAULTS\n[0-9a-f]{24} {2}\d{4}-\S+Z {2}message\.title:\n {2}.*\n$/,
  );
  const json = await volley('triggers', 'failed', 'orders', '--json');
  const { items } = JSON.parse(json.stdout) as { items: FailedPingView[] };
  assert.deepEqual(Object.keys(items[0]!).toSorted(), ['at', 'body', 'faults', 'id']);
  assert.equal(items.length, 1);

  const mended = { ...orders, message: { title: 'Order {{order.number|1}}' } };
  await volley('triggers', 'put', 'orders', await triggerFile(mended));
  const replayed = await volley('triggers', 'replay', 'orders', items[0]!.id);
  assert.equal(replayed.stdout, `${items[0]!.id} is queued\n`);
  await until(async () => (await accepted(1)) === before + 2);
  assert.equal((await volley('triggers', 'failed', 'orders')).stdout, 'none\n');

  const listed = await volley('triggers', 'list', '--json');
  const [one, ...more] = (JSON.parse(listed.stdout) as { items: TriggerView[] }).items;
  assert.deepEqual(more, []);
  assert.deepEqual(one!.counts, { received: 3, forged: 1 });
  assert.doesNotMatch(listed.stdout, /sixteen/, 'no secret');
  const removed = await volley('triggers', 'remove', 'orders', '--json');
  assert.deepEqual(JSON.parse(removed.stdout), { name: 'orders', removed: true });
  const gone = await volley('triggers', 'remove', 'orders');
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /There is no trigger "orders"/);
});

test('a wrong message or trigger is explained shortly, with 2', async () => {
  const broken = await triggerFile(`{"proof": {"secret": "${secret}"`);
  for (const [args, message] of [
    [['message', '--title', 'x'], /say who gets it/],
    [['message', '--title', 'x', '--user', 'a', '--token', 'b'], /one of them/],
    [['message', '--user', 'a'], /--title or a --body/],
    [['message', '--user', 'a', '--title', 'x', '--wait', 'long'], /in seconds, from 0 to 25/],
    [['message', '--user', 'a', '--title', 'x', '--wait', '26'], /in seconds, from 0 to 25/],
    [['message', '--usr', 'a'], /unknown option '--usr'/],
    [['triggers', 'put', 'orders'], /missing required argument 'file'/],
    [['triggers', 'put', 'orders', broken], /is not JSON/],
    [['triggers', 'replay', 'orders'], /missing required argument 'id'/],
    [['triggers', 'list', 'all'], /too many arguments/],
    [['trigger'], /Usage: volley trigger/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await volley(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /sixteen/, 'no secret');
    assert.equal(stdout, '');
  }
});

test('a refusal of a message or a trigger is shown fault by fault, with 1', async () => {
  const { proof: _, ...unproven } = orders;
  for (const [args, message] of [
    [['message', '--user', 'user-0', '--title', 'x', '--app', 'none'], /"none" has no credentials/],
    [['triggers', 'put', 'Orders!', await triggerFile(orders)], /name: must be up to 64/],
    [['triggers', 'failed', 'none'], /There is no trigger "none"/],
    [['triggers', 'replay', 'none', 'x'], /"none" has no failed webhook "x"/],
    [['triggers', 'put', 'x', join(folder, 'nothing.json')], /there is no file/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await volley(...args);
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
  const refused = await volley('triggers', 'put', 'orders', await triggerFile(unproven));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^ {2}proof: /m);
});
