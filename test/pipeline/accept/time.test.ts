import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeFaults, timeOf } from '../../../functions/pipeline/accept/time.ts';

const utc = (text: string) => Date.parse(`${text}Z`);
const local = '2026-12-24T18:00';
const [first, last] = [utc('2026-12-24T04:00'), utc('2026-12-25T06:00')];

test('a campaign begins at its time, or when the first clock shows it, but not in the past', () => {
  assert.deepEqual(timeOf({ at: 5 }, 9), { at: 5 });
  for (const [now, at] of [
    [first - 1, first],
    [first + 1, first + 1],
  ] as const)
    assert.deepEqual(timeOf({ local }, now), { at, local, late: 'now', since: now });
  assert.equal(timeOf({ local, late: 'skip' }, 9).late, 'skip');
});

test('a time that is over is refused, a local one when it is over everywhere', () => {
  for (const [schedule, now, expected] of [
    [undefined, 9, []],
    [{ at: 10 }, 9, []],
    [{ at: 9 }, 9, ['schedule.at']],
    [{ local }, last - 1, []],
    [{ local }, last, ['schedule.local']],
  ] as const) {
    const faults = timeFaults({ now: () => now }, schedule);
    assert.deepEqual(
      faults.map((it) => it.path),
      expected,
    );
  }
});
