/** Starts and failed starts of the local server: real processes. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { createClient } from '../../../functions/cli/client/client.ts';
import { watchCampaign } from '../../../functions/cli/watch.ts';
import type { ReportView } from '../../../functions/http/campaigns/report-view.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import { keptKey, keyLine } from '../../../functions/local/server/kept-key.ts';
import { startLocal } from '../../../functions/local/server/server.ts';
import { createLog } from '../../../functions/log.ts';
import { sampleToken } from '../../../functions/simulators/shared/tokens.ts';
import { makeFolder } from '../../store/folder.ts';

const KEY = 'k'.repeat(40);
const DEADLINE_MS = 5 * 60 * 1000;
const main = join(import.meta.dirname, '../../../functions/local/server/main.ts');
const quiet = createLog(() => {});

interface Who {
  uid?: number;
  gid?: number;
}

/** `npm start` on that folder. `says` resolves with its output once that matches. */
function start(t: TestContext, dataDir: string, who: Who = {}, more: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      VOLLEY_DATA: dataDir,
      PORT: '0',
      FCM_PROJECT_ID: 'nowhere',
      ...more,
    },
    ...who,
  });
  // 'exit' may come before the last of its output
  const closed = once(child, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) });
  let output = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (some) => {
      output += some;
      if (/^Pushes /m.test(output)) resolve(output);
    });
  const gone = closed.catch(() => {}).then(() => resolve(output));
  t.after(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return {
    running: promise,
    /** its exit code and output */
    async over() {
      const [code] = await closed;
      return { code, output };
    },
    end: (signal: NodeJS.Signals) => child.kill(signal),
  };
}

async function local(t: TestContext, dataDir: string) {
  const server = await startLocal({ dataDir, port: 0, apps: {}, apiKey: null, log: quiet });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= server.stop());
  t.after(stop);
  return { ...server, stop };
}

/** One sentence, and no stack. */
function saysOnly(output: string, what: RegExp) {
  assert.match(output, what);
  assert.doesNotMatch(output, /^\s+at |node:internal/m);
  assert.equal(output.trim().split('\n').length, 1, output);
}

test('a second server on a folder ends with an error, and the first one continues', async (t) => {
  const folder = makeFolder(t);
  const first = start(t, folder);
  await first.running;
  for (let i = 0; i < 2; i++) {
    const { code, output } = await start(t, folder).over();
    assert.equal(code, 1);
    saysOnly(output, /^another Volley uses the data folder .*: stop it, or set VOLLEY_DATA/);
  }
  first.end('SIGKILL');
  await first.over();
  const third = start(t, folder);
  assert.match(await third.running, /^Volley +http/m);
  third.end('SIGTERM');
  assert.equal((await third.over()).code, 0);
});

test('the key is never written to a log, and once to a terminal', async (t) => {
  const folder = makeFolder(t);
  for (let starts = 0; starts < 2; starts++) {
    const server = start(t, folder);
    const said = await server.running;
    const key = readFileSync(join(folder, 'api-key'), 'utf8').trim();
    assert.ok(said.includes(`API key    in ${join(folder, 'api-key')}\n`), said);
    assert.ok(!said.includes(key));
    server.end('SIGTERM');
    await server.over();
  }
  const another = makeFolder(t);
  const made = keptKey(another);
  assert.equal(keyLine(made, true), `${made.key} (kept in ${made.path})`);
  assert.equal(keyLine(made, false), `in ${made.path}`);
  const kept = keptKey(another);
  assert.deepEqual(kept, { ...made, isNew: false });
  assert.equal(keyLine(kept, true), `in ${made.path}`);
  assert.equal(keyLine(null, true), 'VOLLEY_API_KEY');
});

test('the empty key file of a killed start is replaced', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'api-key'), '\n');
  assert.ok(keptKey(folder).isNew);
  writeFileSync(join(folder, 'api-key'), 'short\n');
  assert.throws(() => keptKey(folder), /holds no API key: delete it/);
});

test('only the owner can read its data, also in a folder that existed before', async (t) => {
  const folder = join(makeFolder(t), 'data');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const first = await local(t, folder);
  const modes = () =>
    Object.fromEntries(
      readdirSync(folder).map((it) => [it, (statSync(join(folder, it)).mode & 0o777).toString(8)]),
    );
  const open = ['store.db', 'store.db-wal', 'store.db-shm', 'queue.db', 'queue.db-wal'];
  const all = [...open, 'queue.db-shm', 'lock.db', 'api-key'];
  assert.deepEqual(modes(), Object.fromEntries(all.map((it) => [it, '600'])));
  await first.stop();
  // as an earlier version left them
  for (const it of ['store.db', 'queue.db', 'lock.db']) chmodSync(join(folder, it), 0o644);
  const second = await local(t, folder);
  assert.deepEqual(modes(), Object.fromEntries(all.map((it) => [it, '600'])));
  await second.stop();
});

test('a damaged database ends the start with what to do', async (t) => {
  for (const name of ['store.db', 'queue.db']) {
    const folder = makeFolder(t);
    await (await local(t, folder)).stop();
    writeFileSync(join(folder, name), 'no database at all '.repeat(1000));
    const { code, output } = await start(t, folder).over();
    assert.equal(code, 1);
    saysOnly(
      output,
      new RegExp(`^the database .*${name} cannot be used: it is damaged; put a backup`),
    );
  }
});

test('a folder that cannot be made, or written to, ends the start with what to do', async (t) => {
  const folder = makeFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { code, output } = await start(t, join(file, 'data')).over();
  assert.equal(code, 1);
  saysOnly(output, /^the data folder .* cannot be made .*or set VOLLEY_DATA/);
});

/** root may read every file, so then the server runs as another user. */
const stranger: Who = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

test('a folder that is read-only ends the start with what to do', async (t) => {
  const empty = makeFolder(t);
  const used = makeFolder(t);
  await (await local(t, used)).stop();
  for (const folder of [empty, used]) {
    for (const it of readdirSync(folder)) chmodSync(join(folder, it), 0o444);
    if (stranger.uid)
      for (const it of ['', ...readdirSync(folder)])
        chownSync(join(folder, it), stranger.uid, stranger.gid!);
    chmodSync(folder, 0o555);
    const { code, output } = await start(t, folder, stranger).over();
    chmodSync(folder, 0o700);
    assert.equal(code, 1);
    saysOnly(output, /cannot be used: .*this user/);
  }
});

test('a server whose database turns out to be damaged says so to a load balancer', async (t) => {
  const folder = makeFolder(t);
  await (await local(t, folder)).stop();
  const path = join(folder, 'store.db');
  const db = new DatabaseSync(path);
  const { page_size: size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
  const { rootpage } = db
    .prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'saved_segments'`)
    .get() as { rootpage: number };
  db.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, (rootpage - 1) * size, rootpage * size);
  writeFileSync(path, bytes);

  const server = await local(t, folder);
  const ask = (path: string) =>
    fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${server.apiKey}` } });
  assert.equal((await ask('/v1/segments')).status, 503);
  const health = await ask('/healthz');
  assert.equal(health.status, 503);
  assert.equal(((await health.json()) as { type: string }).type, '/problems/unavailable');
});

test('a setting with a typing error is told', async (t) => {
  const said = await start(t, makeFolder(t), {}, { APNS_TOPICS: 'com.example.app' }).running;
  assert.match(said, /^Warning {4}APNS_TOPICS is no setting;/m);
});

test('simulators that refuse a share show failures, pruned tokens and a closed ledger', async (t) => {
  const more = { FCM_PROJECT_ID: '', VOLLEY_SIMULATE: 'realistic' };
  const server = start(t, makeFolder(t), {}, { ...more, VOLLEY_API_KEY: KEY });
  const output = await server.running;
  assert.match(output, /^Pushes +SIMULATED, a share is refused: no device gets anything$/m);
  const url = /^Volley +(\S+)$/m.exec(output)![1]!;
  const client = createClient(url, KEY);
  const rows = Array.from({ length: 1_000 }, (_, i) => {
    const provider = i % 2 ? 'apns' : 'fcm';
    const platform = i % 2 ? 'ios' : 'android';
    return `i${i},${platform},${sampleToken(provider, i)}\n`;
  });
  const csv = ['id,platform,token\n', ...rows].join('');
  await client.upload('/v1/installations:import', 'text/csv', Readable.from([Buffer.from(csv)]));
  const request = { name: 'x', audience: { everybody: true }, message: { title: 'Hi' } };
  const { id } = await client.post<CampaignView>('/v1/campaigns', request);
  await watchCampaign(client, id, null);
  const report = await client.get<ReportView>(`/v1/campaigns/${id}/report`);
  const { recipients, accepted, failed } = report.campaign.counts;
  assert.deepEqual([report.ledgerClosed, recipients, accepted + failed], [true, 1_000, 1_000]);
  // by the hashes of these tokens, so always the same
  assert.ok(failed > 10 && failed < 60, `${failed}`);
  assert.ok(report.pruned.some(({ reason, count }) => reason === 'Unregistered' && count > 0));
  server.end('SIGTERM');
  assert.equal((await server.over()).code, 0);
});
