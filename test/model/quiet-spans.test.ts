import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetAt } from '../../functions/lib/wall-clock.ts';
import { afterLoud, quietBetween, quietSince, spanAt } from '../../functions/model/quiet-spans.ts';

const HOUR = 60 * 60 * 1000;
const NIGHT = { from: '22:00', to: '08:00', zone: 'Europe/Berlin' };
const NOON = { from: '12:00', to: '14:30', zone: 'Etc/UTC' };

const span = (quiet: typeof NIGHT, zone: string | undefined, at: string, offset = offsetAt) => {
  const { isQuiet, to } = spanAt(quiet, zone, Date.parse(at), offset);
  return [isQuiet, new Date(to).toISOString().slice(0, 16)];
};
/** Asks the rules each time, as a test does that replaces them. */
const uncached: typeof offsetAt = (...asked) => offsetAt(...asked);

test('it is quiet in a zone until a time, or not quiet until a time', () => {
  for (const offset of [offsetAt, uncached]) {
    const it = (zone: string | undefined, at: string) => span(NIGHT, zone, at, offset);
    assert.deepEqual(it('Asia/Kathmandu', '2026-11-21T16:14Z'), [false, '2026-11-21T16:15']);
    assert.deepEqual(it('Asia/Kathmandu', '2026-11-21T16:15Z'), [true, '2026-11-22T02:15']);
    assert.deepEqual(it('Pacific/Kiritimati', '2026-11-21T07:59Z'), [false, '2026-11-21T08:00']);
    assert.deepEqual(it('Pacific/Kiritimati', '2026-11-21T08:00Z'), [true, '2026-11-21T18:00']);
    assert.deepEqual(it('Pacific/Pago_Pago', '2026-11-21T18:30Z'), [true, '2026-11-21T19:00']);
    for (const zone of [undefined, 'No/Where'])
      assert.deepEqual(it(zone, '2026-11-21T21:00Z'), [true, '2026-11-22T07:00'], 'the default');
    assert.deepEqual(span(NOON, 'Asia/Kolkata', '2026-11-21T06:30Z', offset), [
      true,
      '2026-11-21T09:00',
    ]);
  }
});

test('a time that was asked for again, earlier or later, has the same answer', () => {
  const first = Date.parse('2026-10-24T12:00Z');
  const times = Array.from({ length: 200 }, (_, i) => first + ((i * 37) % 200) * 20 * 60_000);
  for (const zone of ['Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns', undefined])
    for (const at of [...times, ...times]) {
      const { isQuiet, to } = spanAt(NIGHT, zone, at);
      const fresh = spanAt(NIGHT, zone, at, uncached);
      assert.deepEqual([isQuiet, to], [fresh.isQuiet, fresh.to], `${zone} ${at}`);
    }
});

test('the quiet part of a time is exact when clocks change', () => {
  const quiet = (zone: string, from: string, to: string) =>
    quietBetween(NIGHT, zone, { from: Date.parse(from), to: Date.parse(to) }) / HOUR;
  assert.equal(quiet('Europe/Berlin', '2026-11-21T12:00Z', '2026-11-22T12:00Z'), 10);
  assert.equal(quiet('Europe/Berlin', '2026-10-24T12:00Z', '2026-10-25T12:00Z'), 11);
  assert.equal(quiet('Europe/Berlin', '2026-03-28T12:00Z', '2026-03-29T12:00Z'), 9);
  assert.equal(quiet('Europe/Berlin', '2026-11-21T12:00Z', '2026-11-21T12:00Z'), 0);
  assert.equal(quiet('Europe/Berlin', '2026-11-21T12:00Z', '2026-11-21T11:00Z'), 0);
  // from within a night to within another
  assert.equal(quiet('Asia/Kathmandu', '2026-11-22T00:15Z', '2026-11-22T18:15Z'), 4);
  assert.equal(quiet('Europe/Berlin', '2026-10-01T12:00Z', '2026-10-29T12:00Z'), 28 * 10 + 1);
});

test('time that is not quiet passes only where it is not quiet', () => {
  const after = (from: string, hours: number, quiet = NIGHT) =>
    new Date(afterLoud(quiet, 'Europe/Berlin', { from: Date.parse(from), ms: hours * HOUR }))
      .toISOString()
      .slice(0, 16);
  assert.equal(after('2026-11-21T12:00Z', 3), '2026-11-21T15:00');
  assert.equal(after('2026-11-21T12:00Z', 9), '2026-11-22T07:00', 'not when it becomes quiet');
  assert.equal(after('2026-11-21T12:00Z', 24), '2026-11-23T08:00');
  assert.equal(after('2026-11-21T22:30Z', 0), '2026-11-22T07:00');
  assert.equal(after('2026-10-24T12:00Z', 9), '2026-10-25T08:00', 'clocks were put back');
  // a minute a day is not quiet: it ends after a month, and not after a hundred days
  const always = { from: '00:01', to: '00:00', zone: 'Etc/UTC' };
  const found = after('2026-01-01T12:00Z', 2, always);
  assert.ok('2026-02-02T00:00' < found && found < '2026-02-04T00:00', found);
});

test('it is quiet since a time, whatever the clocks did the day before', () => {
  const since = (at: string, quiet = NIGHT) =>
    new Date(quietSince(quiet, 'Europe/Berlin', Date.parse(at))).toISOString().slice(0, 16);
  assert.equal(since('2026-11-21T21:00Z'), '2026-11-21T21:00');
  assert.equal(since('2026-11-22T06:59Z'), '2026-11-21T21:00');
  assert.equal(since('2026-10-25T06:30Z'), '2026-10-24T20:00');
  assert.equal(since('2026-10-25T21:10Z'), '2026-10-25T21:00');
  assert.equal(since('2026-03-29T20:10Z'), '2026-03-29T20:00');
  const nearly = { from: '00:01', to: '00:00', zone: 'Etc/UTC' };
  assert.equal(since('2026-11-21T22:30Z', nearly), '2026-11-20T23:01');
});

test('the last eight spans of a zone are in memory, and none that other rules gave', (t) => {
  const asked = t.mock.method(Intl.DateTimeFormat.prototype, 'formatToParts');
  const isAsked = (day: number) => {
    asked.mock.resetCalls();
    spanAt(NIGHT, 'Asia/Dhaka', Date.UTC(2026, 10, day));
    return asked.mock.callCount() > 0;
  };
  const days = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  assert.deepEqual(days.filter(isAsked), days);
  assert.deepEqual(days.toReversed().filter(isAsked), [1]);
  const noSummer: typeof offsetAt = (zone, at) =>
    zone === 'Europe/Paris' ? HOUR : offsetAt(zone, at);
  const until = ['2026-07-01T06:00', '2026-07-01T07:00'];
  for (const [rules, to] of [
    [noSummer, until[1]],
    [offsetAt, until[0]],
    [noSummer, until[1]],
  ] as const)
    assert.deepEqual(span(NIGHT, 'Europe/Paris', '2026-07-01T00:00Z', rules), [true, to]);
});
