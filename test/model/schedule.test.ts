import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  localTimeOf,
  nextRun,
  nextRuns,
  runsBefore,
  type Schedule,
} from '../../functions/model/schedule.ts';

const utc = (text: string) => Date.parse(`${text}Z`);
const text = (at: number) => new Date(at).toISOString().slice(0, 16);
const [MINUTE, HOUR] = [60_000, 3_600_000];

const daily = (rest: Partial<Schedule> = {}) =>
  ({ cron: '30 9 * * *', missed: 'once', runs: 0, state: 'active', ...rest }) as Schedule;

test('when the next run begins', () => {
  const timeZone = 'Europe/Berlin';
  for (const [rest, after, expected] of [
    [{}, '2026-12-24T09:29', '2026-12-24T09:30'],
    [{}, '2026-12-24T09:30', '2026-12-25T09:30'],
    [{ timeZone }, '2026-12-24T00:00', '2026-12-24T08:30'],
    [{ until: utc('2026-12-24T09:30') }, '2026-12-24T00:00', '2026-12-24T09:30'],
    [{ until: utc('2026-12-24T09:30') - 1 }, '2026-12-24T00:00', null],
    [{ maxRuns: 3, runs: 2 }, '2026-12-24T00:00', '2026-12-24T09:30'],
    [{ maxRuns: 3, runs: 3 }, '2026-12-24T00:00', null],
    [{ cron: '0 0 30 2 *' }, '2026-12-24T00:00', null],
    // at UTC+14:00
    [{ local: true }, '2026-12-23T19:29', '2026-12-23T19:30'],
    [{ local: true }, '2026-12-23T19:30', '2026-12-24T19:30'],
    [{ local: true, until: utc('2026-12-24T09:30') }, '2026-12-23T19:00', '2026-12-23T19:30'],
    [{ local: true, until: utc('2026-12-24T09:30') }, '2026-12-23T19:30', null],
  ] as const) {
    const found = nextRun(daily(rest), utc(after));
    assert.equal(found && text(found), expected, `${JSON.stringify(rest)} after ${after}`);
  }
});

test('the local time of a run: who is late, and what the next run shows', () => {
  const at = utc('2026-12-23T19:30');
  const run = { local: '2026-12-24T09:30', late: 'now', since: at };
  const next = '2026-12-25T09:30';
  for (const [rest, delay, expected] of [
    [{}, 0, { ...run, next }],
    [{}, 15 * MINUTE, { ...run, next }],
    [{}, HOUR, { ...run, next, since: at + 45 * MINUTE }],
    [{ late: 'next-day' }, 0, { ...run, next, late: 'next-day' }],
    [{ late: 'next-day', missed: 'skip' }, 0, { ...run, next, late: 'skip' }],
    [{ runs: 1, maxRuns: 3 }, 0, { ...run, next }],
    [{ runs: 1, maxRuns: 2 }, 0, run],
  ] as const)
    assert.deepEqual(
      localTimeOf(daily({ local: true, ...rest }), at, at + delay),
      expected,
      `${JSON.stringify(rest)} ${delay}`,
    );
});

test('the next runs, for people to look at: at most so many, or those before a time', () => {
  const days = (...of: number[]) => of.map((it) => `2026-12-${it}T09:30`);
  const shown = (it: Schedule) => nextRuns(it, 3).map(text);
  const nextAt = utc('2026-12-24T09:30');
  assert.deepEqual(shown(daily({ nextAt })), days(24, 25, 26));
  assert.deepEqual(shown(daily({ nextAt: nextAt - 14 * HOUR, local: true })), days(24, 25, 26));
  assert.deepEqual(shown(daily({ nextAt, runs: 1, maxRuns: 3 })), days(24, 25));
  assert.deepEqual(shown(daily({ nextAt, state: 'paused' })), []);
  assert.deepEqual(shown(daily({ nextAt: null })), []);
  const before = (end: string, most: number) =>
    runsBefore(daily({ nextAt }), utc(end), most).map(text);
  assert.deepEqual(before('2026-12-26T09:30', 9), days(24, 25));
  assert.deepEqual(before('2026-12-26T09:31', 9), days(24, 25, 26));
  assert.deepEqual(before('2027-01-26T09:31', 2), days(24, 25));
});
