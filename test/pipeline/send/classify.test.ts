import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { backoff, expiryOf } from '../../../functions/model/timing.ts';
import { classify, createWatch } from '../../../functions/pipeline/send/classify.ts';
import { createTrial } from '../../../functions/pipeline/send/trials.ts';
import { campaignOf, NOW } from '../../contracts/store-fixture.ts';

const retry = (afterMs: number | null, scope: 'device' | 'service'): Outcome => ({
  kind: 'retry',
  reason: 'Busy',
  afterMs,
  scope,
});
const unknown: Outcome = { kind: 'unknown', reason: 'Timeout' };
const suspect: Outcome = { kind: 'rejected', reason: 'BadDeviceToken', suspect: true };
const blocked: Outcome = { kind: 'blocked', reason: 'BadTopic' };
const gone = (since: number | null): Outcome => ({ kind: 'unregistered', reason: 'Gone', since });

const first = { claimedAt: NOW, inDoubt: false, exhausted: false, paused: false, alone: false };

test('each outcome is classified for its recipient', () => {
  const failed = (reason: string) => ({ kind: 'failed', reason });
  const open = (inDoubt: boolean) => ({ kind: 'open', inDoubt });
  const last = { ...first, exhausted: true };
  const again = { ...first, inDoubt: true };
  assert.deepEqual(classify({ kind: 'accepted' }, last), { kind: 'accepted' });
  assert.deepEqual(classify(suspect, first), failed('BadDeviceToken'));
  assert.deepEqual(classify(gone(NOW - 5), first), { ...failed('Gone'), forgetSince: NOW - 5 });
  assert.deepEqual(classify(gone(null), first), { ...failed('Gone'), forgetSince: NOW });
  assert.deepEqual(classify(retry(null, 'device'), first), open(false));
  assert.deepEqual(classify(retry(null, 'device'), again), open(true));
  assert.deepEqual(classify(retry(null, 'device'), last), failed('Busy'));
  assert.deepEqual(classify(unknown, first), open(true));
  assert.deepEqual(classify(unknown, again), failed('Timeout'));
  assert.deepEqual(classify(unknown, last), failed('Timeout'));
});

test('a refusal that may be about all is blamed on a recipient only if it is shown to be its own', () => {
  const open = (inDoubt: boolean) => ({ kind: 'open', inDoubt });
  const failed = { kind: 'failed', reason: 'BadTopic' };
  assert.deepEqual(classify(blocked, first), open(false), 'others may still show it');
  assert.deepEqual(classify(blocked, { ...first, alone: true }), failed);
  assert.deepEqual(classify(blocked, { ...first, exhausted: true }), failed, 'its time is over');
  const paused = { ...first, paused: true, alone: true };
  assert.deepEqual(classify(blocked, paused), open(true), 'part of a wave');
  assert.deepEqual(classify(blocked, { ...paused, inDoubt: true }), failed, 'refused again');
  assert.deepEqual(classify(suspect, paused), open(true));
  assert.equal(classify(suspect, { ...paused, inDoubt: true }).kind, 'failed');
  const unsent: Outcome = { ...blocked, proven: true };
  for (const inDoubt of [false, true])
    assert.deepEqual(classify(unsent, { ...paused, inDoubt }), open(inDoubt), 'it was never sent');
  const detailed: Outcome = { ...blocked, detail: 'message.android.ttl: no duration' };
  assert.deepEqual(classify(detailed, { ...first, alone: true }), {
    ...failed,
    detail: 'message.android.ttl: no duration',
  });
});

const watching = (...outcomes: Outcome[]) => {
  const watch = createWatch(createTrial());
  for (const it of outcomes) watch.see(it);
  return watch;
};
const many = (count: number, it: Outcome): Outcome[] => Array(count).fill(it);

test('twenty suspects that are half of all are a wave, fewer are not', () => {
  const good: Outcome = { kind: 'accepted' };
  assert.equal(watching(...many(19, suspect)).blocked(), null);
  assert.equal(watching(...many(20, suspect)).blocked(), 'BadDeviceToken');
  assert.equal(watching(...many(20, good), ...many(20, suspect)).blocked(), 'BadDeviceToken');
  assert.equal(watching(...many(21, good), ...many(20, suspect)).blocked(), null);
  assert.equal(
    watching(blocked, ...many(19, suspect)).blocked(),
    null,
    'one refusal proves nothing',
  );
});

test('the whole queue waits if most answers ask so for the service, not for single devices', () => {
  const service = retry(3000, 'service');
  const accepted = (n: number) => many(n, { kind: 'accepted' } as const);
  assert.equal(watching(...many(20, service), ...accepted(19)).everybodyWaits(), true);
  assert.equal(watching(...many(20, service), ...accepted(20)).everybodyWaits(), false);
  assert.equal(watching(...many(19, service)).everybodyWaits(), false, 'too few to say');
  assert.equal(watching(...many(30, retry(3000, 'device'))).everybodyWaits(), false);
  assert.equal(watching().everybodyWaits(), false);
});

test('a chunk waits as long as the service asks, and for no single device', () => {
  const waits = (progress: boolean, ...outcomes: Outcome[]) =>
    watching(...outcomes).waitMs(progress);
  assert.equal(waits(true, retry(null, 'device'), retry(3000, 'service'), unknown), 3000);
  assert.equal(waits(true, retry(60_000, 'device'), retry(2000, 'device')), 2000);
  assert.equal(waits(true, retry(60_000, 'device'), retry(1000, 'service')), 1000);
  const quota: Outcome = { ...retry(null, 'service'), stalledMs: 60_000 } as Outcome;
  assert.equal(waits(false, quota), 60_000, 'no push was accepted');
  assert.equal(waits(true, quota), 0, 'a push was accepted');
});

test('the backoff is anywhere below a bound that doubles up to ten minutes', () => {
  const bounds = Array.from({ length: 24 }, (_, n) => backoff(n, () => 1));
  assert.deepEqual(bounds.slice(0, 4), [1000, 2000, 4000, 8000]);
  assert.equal(bounds.at(-1), 600_000);
  assert.equal(
    backoff(1e9, () => 1),
    600_000,
  );
  assert.equal(
    backoff(5, () => 0),
    0,
  );
});

test('a push is of use for its time to live, from acceptance or from its slot', () => {
  const ttl = (ttlSeconds: number) =>
    campaignOf({ message: { title: 'x', ttlSeconds, priority: 'high' } });
  assert.equal(expiryOf(ttl(60), 0), NOW + 60_000);
  assert.equal(expiryOf(ttl(60), NOW + 5), NOW + 60_005);
  assert.equal(expiryOf(ttl(0), 0), NOW + 3_600_000, 'now or never is for the device');
});
