import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetAt } from '../../functions/lib/wall-clock.ts';
import type { Campaign } from '../../functions/model/campaign.ts';
import type { ShardWave } from '../../functions/model/chunk.ts';
import {
  beginIn,
  beginOf,
  expiryIn,
  expiryOf,
  plannedAt,
  QUEUE_HORIZON_MS,
  startDueAt,
} from '../../functions/model/timing.ts';

const [MINUTE, HOUR] = [60_000, 3_600_000];
const messageFor = (ttlSeconds: number) => ({ message: { ttlSeconds } as Campaign['message'] });

test('the sweep looks at a campaign after its time, or before it if that is too far to queue', () => {
  assert.ok(QUEUE_HORIZON_MS < 30 * 24 * HOUR, "Cloud Tasks' most");
  for (const now of [0, 5_000]) {
    const at = now + QUEUE_HORIZON_MS;
    assert.equal(startDueAt(at, now), at + 15 * MINUTE);
    assert.equal(startDueAt(at + 1, now), at + 1 - 10 * MINUTE);
  }
});

test('a campaign begins when it was started, else at its time, else when it was made', () => {
  const [createdAt, schedule, startedAt] = [1, { at: 2 }, 3];
  assert.equal(beginOf({ createdAt }), 1);
  assert.equal(beginOf({ createdAt, schedule }), 2);
  assert.equal(beginOf({ createdAt, schedule, startedAt }), 3);
});

test('a push lives from its campaign or its slot on, and an hour if it has no time to live', () => {
  for (const [ttl, life] of [
    [90, 90_000],
    [0, HOUR],
  ] as const) {
    const campaign = { createdAt: 5_000, ...messageFor(ttl) };
    assert.equal(expiryOf(campaign, 0), 5_000 + life);
    assert.equal(expiryOf(campaign, 7_000), 7_000 + life);
    assert.equal(beginIn({ expiresAt: 7_000 + life }, campaign), 7_000);
  }
});

test('quiet hours put off when a push expires, by how long they have lasted', () => {
  const expiresAt = Date.parse('2026-11-22T12:00Z');
  const expiry = (now: string, quiet?: { from: string; to: string; zone: string }) =>
    expiryIn({ expiresAt, ...(quiet && { quiet }) }, messageFor(24 * 3600), {
      zone: undefined,
      now: Date.parse(now),
      offset: offsetAt,
    });
  const quiet = { from: '22:00', to: '08:00', zone: 'Etc/UTC' };
  assert.equal(expiry('2026-11-22T09:00Z'), expiresAt);
  assert.equal(expiry('2026-11-21T20:00Z', quiet), expiresAt);
  assert.equal(expiry('2026-11-22T01:00Z', quiet), expiresAt + 3 * HOUR);
  assert.equal(expiry('2026-11-22T09:00Z', quiet), expiresAt + 10 * HOUR);
});

test('a wave is planned a minute before its time, a shard without one immediately', () => {
  assert.equal(plannedAt({ wave: { at: 5 * MINUTE } as ShardWave }), 4 * MINUTE);
  assert.equal(plannedAt({}), undefined);
});
