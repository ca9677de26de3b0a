import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseAfter } from '../../../functions/http/campaigns/live.ts';

test('a campaign is looked at twice a second, later every two seconds, and less often if it has many shards', () => {
  const table = [
    // age in ms, shards, pause in ms
    [0, 1, 500],
    [5_000, 1, 500],
    [5_010, 1, 501],
    [12_000, 4, 1_200],
    [20_000, 1, 2_000],
    [3_600_000, 1, 2_000],
    [0, 51, 510],
    [3_600_000, 200, 2_000],
    [3_600_000, 500, 5_000],
  ] as const;
  for (const [age, shards, pause] of table)
    assert.equal(pauseAfter(age, 500, shards), pause, `${age} ms, ${shards} shards`);
});
