import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expire } from '../../functions/pipeline/expire.ts';
import { NOW } from '../contracts/store-fixture.ts';

const DAY = 24 * 60 * 60 * 1000;

test('what is too old is removed until nothing is left of it, or enough was done for now', async () => {
  const asked: [number, number][] = [];
  let left = 3;
  const store = {
    async expire(before: number, now: number) {
      asked.push([before, now]);
      return --left > 0;
    },
  };
  await expire({ store: store as never, now: () => NOW }, 30);
  assert.deepEqual(asked, Array(3).fill([NOW - 30 * DAY, NOW]));
  asked.length = 0;
  left = Number.POSITIVE_INFINITY;
  await expire({ store: store as never, now: () => NOW }, 30);
  assert.ok(asked.length > 100 && asked.length < 1_000, 'the next sweep goes on');
});
