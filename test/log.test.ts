import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoted, redact, shortToken } from '../functions/lib/redact.ts';
import { createLog, createTerminalLog } from '../functions/log.ts';

const NOW = Date.UTC(2026, 10, 21, 13);
const apnsToken = 'a1b2c3d4'.repeat(8);
const fcmToken = `dGhpc2lz:APA91b${'Xy_-9'.repeat(26)}`;
const apiKey = `volley_${'k9-_'.repeat(10)}`;
const jwt = `eyJhbGciOiJFUzI1NiJ9.${'eyJp'.repeat(20)}.${'c2ln'.repeat(20)}`;
const pem = `-----BEGIN PRIVATE KEY-----\n${'MIGH'.repeat(16)}\n${'AgEA'.repeat(16)}\n-----END PRIVATE KEY-----`;
const webhookSecret = `whsec_${'k9+/'.repeat(10)}a9+=`;
const secrets = [apnsToken, fcmToken, apiKey, webhookSecret, jwt.split('.')[2]!, 'MIGH'.repeat(16)];

const logs = { 'Cloud Logging': createLog, 'a terminal': createTerminalLog };

test('an event is one JSON object a line, as Cloud Logging reads it', () => {
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line),
    () => NOW,
  );
  log.campaignAccepted({ campaignId: 'c1', app: 'default', name: 'Line one\nline two' });
  assert.equal(lines.length, 1);
  assert.equal(lines[0]!.indexOf('\n'), lines[0]!.length - 1);
  assert.deepEqual(JSON.parse(lines[0]!), {
    severity: 'INFO',
    message: 'campaign accepted',
    time: '2026-11-21T13:00:00.000Z',
    campaignId: 'c1',
    app: 'default',
    name: 'Line one\nline two',
  });
});

test('an error is logged with its stack and what caused it', () => {
  const lines: string[] = [];
  const error = new Error('outer', { cause: new Error('inner') });
  createLog((line) => lines.push(line)).unexpected({ where: 'GET /', error });
  const entry = JSON.parse(lines[0]!);
  assert.equal(entry.severity, 'ERROR');
  assert.equal(entry.error, 'outer');
  assert.match(entry.stack_trace, /Error: outer\n {4}at .*log\.test\.ts/);
  assert.match(entry.stack_trace, /caused by Error: inner/);
});

for (const [name, create] of Object.entries(logs))
  test(`tokens and secrets never appear whole on ${name}`, () => {
    let text = '';
    const log = create((line) => {
      text += line;
    });
    const message = `POST /3/device/${apnsToken}: ${fcmToken} Bearer ${jwt} ${apiKey} ${pem}`;
    log.unexpected({ where: message, error: new Error(message, { cause: new Error(message) }) });
    log.taskFailed({ task: apnsToken, attempt: 1, error: message });
    log.campaignPaused({ campaignId: 'c1', reason: message });
    for (const secret of secrets) assert.ok(!text.includes(secret), secret);
    assert.match(text, /a1b2c3…c3d4/);
  });

test('ids, file names and prose stay as they are', () => {
  for (const text of [
    '3f1c9a0b5d7e2c4a6b80.12.345.6',
    '123e4567-e89b-12d3-a456-426614174000',
    'file:///srv/volley/functions/pipeline/some-very-long-name-of-a-file.ts:12:34',
  ])
    assert.equal(redact(text), text);
});

test('a short token shows a few characters at most', () => {
  assert.equal(shortToken(apnsToken), 'a1b2c3…c3d4');
  assert.equal(shortToken('abcdef'), 'ab…');
});

test('what is quoted is short, in one line, and without secrets wherever it is cut', () => {
  assert.equal(quoted('a name'), 'a name');
  assert.equal(quoted('two\n\n lines'), 'two lines');
  assert.equal(quoted('x y '.repeat(100)).length, 65);
  assert.equal(quoted('u\ud83d'), 'u\ufffd');
  for (const secret of [apnsToken, fcmToken, apiKey])
    for (let before = 0; before < 300; before += 7) {
      const text = quoted(`${'. '.repeat(before / 2)}${secret} and more`);
      assert.ok(!text.includes(secret.slice(0, 12)), text);
    }
  const run = quoted(`${apnsToken},`.repeat(1_000));
  assert.ok(!run.includes(apnsToken.slice(0, 12)), run);
});
