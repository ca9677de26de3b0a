import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCounts } from '../../functions/model/campaign.ts';
import { unreadOf } from '../../functions/model/unread.ts';

const unread = (expected: number | undefined, recipients: number, leftOut?: number) =>
  unreadOf(
    { state: 'completed', ...(expected !== undefined && { expected }) },
    { ...noCounts(), recipients, ...(leftOut !== undefined && { leftOut }) },
  );

test('installations neither sent to nor left out are unread, if they are more than usually come and go', () => {
  assert.equal(unread(5_000, 1_999), 3_001);
  assert.equal(unread(4_000, 3_552), 448);
  assert.equal(unread(5_000, 1_000, 4_000), 0);
  assert.equal(unread(5_000, 1_000, 3_900), 100);
  assert.equal(unread(1_000_000, 995_000), 0, 'half a percent');
  assert.equal(unread(1_000_000, 994_999), 5_001);
  assert.equal(unread(30, 20), 0, 'ten');
  assert.equal(unread(30, 19), 11);
  assert.equal(unread(5_000, 5_100), 0, 'they registered meanwhile');
});

test('nothing is unread where nothing was counted, or the campaign was cancelled', () => {
  assert.equal(unread(undefined, 0), 0);
  const counts = { ...noCounts(), recipients: 1 };
  for (const state of ['running', 'paused', 'cancelling', 'cancelled'] as const)
    assert.equal(unreadOf({ state, expected: 5_000 }, counts), 0);
});
