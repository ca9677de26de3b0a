import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../functions/config/embedded.ts';
import { areSimulated } from '../../functions/providers/simulated.ts';

const fcm = (origin: string) =>
  areSimulated(
    readConfig({ FCM_PROJECT_ID: 'example-project', ...(origin && { FCM_ORIGIN: origin }) }).apps,
  );

test('providers on this machine are simulated, all others are real', () => {
  assert.equal(areSimulated({}), false);
  assert.equal(fcm(''), false);
  assert.equal(fcm('https://127.0.0.1:4711'), true);
  assert.equal(fcm('https://localhost:4711'), true);
  assert.equal(fcm('https://localhost.example.com'), false);
});
