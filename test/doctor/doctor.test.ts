import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../functions/cli/program.ts';
import { type Check, examine } from '../../functions/doctor/check.ts';
import { clockCheck, storeCheck, tickCheck } from '../../functions/doctor/common.ts';
import { startLocal } from '../../functions/local/server/server.ts';
import { startSimulated } from '../../functions/local/simulated.ts';
import { createLog } from '../../functions/log.ts';
import { fault, type Verdict, well } from '../../functions/model/verdict.ts';
import { startSimulator } from '../../functions/simulators/simulator.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { PATIENT_MS, until } from '../until.ts';
import { google } from './server.ts';

test('the database is written to, read, and left as it was', async (t) => {
  const store = createSqliteStore({ path: ':memory:' });
  t.after(() => store.close());
  const [finding] = await examine([storeCheck(store)]);
  assert.deepEqual([finding!.state, finding!.detail], ['well', 'written, read, deleted']);
  assert.equal(await store.estimateAudience('volley-doctor', {}), 0);
});

test('a tick that has run is well; one that is old, or was never seen, is told', async () => {
  const at = Date.UTC(2026, 10, 21, 13);
  const check = (last: number | null, waitMs = 0) =>
    tickCheck({ lastTick: async () => last }, 'Do this.', { now: () => at, waitMs });
  const findings = await examine([
    check(at - 50_000),
    check(at + 1_000),
    check(at - 299_000),
    check(at + 24 * 60 * 60_000),
    check(at - 17 * 60_000),
    check(at - 5 * 60 * 60_000),
    check(null),
  ]);
  assert.deepEqual(
    findings.map(({ state, detail, next }) => [state, detail, next]),
    [
      ['well', 'last 50 s ago', undefined],
      ['well', 'last 0 s ago', undefined],
      ['well', 'last 5 min ago', undefined],
      [
        'unknown',
        'it was last completed 24 h from now: a clock was, or is, wrong',
        'Compare the clocks; the check works again when that time has passed. Do this.',
      ],
      ['fault', 'it was last completed 17 min ago', 'Do this.'],
      ['fault', 'it was last completed 5 h ago', 'Do this.'],
      [
        'fault',
        'it was never completed',
        'A new deployment completes it within two minutes. Do this.',
      ],
    ],
  );
});

test('the first tick of a server that has just started is waited for', async () => {
  const seen: (number | null)[] = [null, null, 5];
  const lastTick = async () => (seen.length > 1 ? seen.shift()! : seen[0]!);
  const [finding] = await examine(
    [tickCheck({ lastTick }, 'x', { now: () => 10, waitMs: PATIENT_MS })],
    PATIENT_MS,
  );
  assert.equal(finding!.state, 'well');
});

test('a clock that is wrong is told, and by how much', async (t) => {
  const at = Date.UTC(2026, 10, 21, 13);
  const { origin } = await google(t, {}, { Date: new Date(at).toUTCString() });
  const [right, wrong] = await examine([
    clockCheck(origin, () => at + 600),
    clockCheck(origin, () => at - 90_000),
  ]);
  assert.equal(right!.state, 'well');
  assert.deepEqual([wrong!.state, wrong!.detail], ['fault', 'it is 90.5 s behind']);
});

test('a check that throws or takes for ever spoils no other', async () => {
  const never = Promise.withResolvers<Verdict>();
  const checks: Check[] = [
    { name: 'a', run: () => never.promise },
    { name: 'b', run: () => Promise.reject(new Error(`no ${'x'.repeat(60)}`)) },
    { name: 'c', run: async () => fault('broken', 'mend it') },
    { name: 'd', run: async () => well('yes') },
  ];
  const findings = await examine(checks, 50);
  assert.deepEqual(
    findings.map(({ state }) => state),
    ['unknown', 'unknown', 'fault', 'well'],
  );
  assert.ok(!findings[1]!.detail.includes('x'.repeat(60)), 'what looks like a secret is short');
});

test('volley doctor finds a local server and its providers well, and exits with 1 when a key is refused', async (t) => {
  const simulated = await startSimulated({}, startSimulator);
  t.after(() => simulated.close());
  const dataDir = await mkdtemp(join(tmpdir(), 'volley-doctor-'));
  t.after(() => rm(dataDir, { recursive: true }));
  const { apns, fcm } = simulated.apps.default!;
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const key = other.export({ type: 'pkcs8', format: 'pem' }).toString();
  const server = await startLocal({
    dataDir,
    port: 0,
    apiKey: null,
    ca: simulated.ca,
    apps: {
      default: { apns, fcm },
      wrong: { apns: { ...apns!, key, keyId: 'WRONG12345' } as typeof apns, fcm: null },
    },
    log: createLog(() => {}),
  });
  t.after(() => server.stop());
  // on a busy machine the first one may take longer than is waited for it
  await until(async () => (await server.engine.store.lastTick()) !== null);
  let stdout = '';
  const code = await run(['doctor', '--url', server.url, '--key', server.apiKey], {
    env: {},
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: { write: () => {} },
  });
  assert.equal(code, 1);
  assert.match(stdout, /^✓ the database reads and writes: written, read, deleted$/m);
  assert.match(stdout, /^✓ the tick runs: last \d+ s ago$/m);
  assert.match(
    stdout,
    /^✓ apns takes the credentials of "default":\s+SIMULATED at\s+https:\/\/localhost:\d+,\s+so no device gets anything: /m,
  );
  assert.match(
    stdout,
    /^✓ fcm takes the credentials of "default":\s+SIMULATED at\s+https:\/\/localhost:\d+,/m,
  );
  assert.match(
    stdout,
    /^✗ apns takes the credentials of "wrong": SIMULATED at\s+https:\/\/localhost:\d+,\s+so no device gets anything: it refuses us: /m,
  );
  assert.match(stdout, /\n1 at fault\n$/);
});
