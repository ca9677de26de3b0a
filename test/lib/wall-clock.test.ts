import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstInstantOf, instantsOf, offsetAt } from '../../functions/lib/wall-clock.ts';

/** What the clock shows, and when, as RFC 3339. */
const at = (wall: string, zone: string) =>
  instantsOf(Date.parse(`${wall}Z`), zone).map((it) => new Date(it).toISOString());

test('a wall-clock time is one point in time', () => {
  for (const [wall, zone, instant] of [
    ['2026-12-24T18:00', 'Europe/Berlin', '2026-12-24T17:00:00.000Z'],
    ['2026-06-24T18:00', 'Europe/Berlin', '2026-06-24T16:00:00.000Z'],
    ['2026-12-24T18:00', 'Asia/Kathmandu', '2026-12-24T12:15:00.000Z'],
    ['2026-12-24T18:00', 'America/St_Johns', '2026-12-24T21:30:00.000Z'],
    ['2026-12-24T18:00', 'Pacific/Kiritimati', '2026-12-24T04:00:00.000Z'],
    ['2026-12-24T18:00', 'Pacific/Pago_Pago', '2026-12-25T05:00:00.000Z'],
    ['2026-12-24T18:00', 'Etc/UTC', '2026-12-24T18:00:00.000Z'],
    // an hour before and after the clocks change
    ['2026-03-29T01:59', 'Europe/Berlin', '2026-03-29T00:59:00.000Z'],
    ['2026-03-29T03:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25T01:59', 'Europe/Berlin', '2026-10-24T23:59:00.000Z'],
    ['2026-10-25T03:00', 'Europe/Berlin', '2026-10-25T02:00:00.000Z'],
  ] as const)
    assert.deepEqual(at(wall, zone), [instant], `${wall} ${zone}`);
});

test('clocks are put forward over a time, and back to one', () => {
  assert.deepEqual(at('2026-03-29T02:30', 'Europe/Berlin'), []);
  assert.deepEqual(at('2026-10-25T02:30', 'Europe/Berlin'), [
    '2026-10-25T00:30:00.000Z',
    '2026-10-25T01:30:00.000Z',
  ]);
  // by half an hour
  assert.deepEqual(at('2026-10-04T02:15', 'Australia/Lord_Howe'), []);
  assert.deepEqual(at('2026-04-05T01:45', 'Australia/Lord_Howe'), [
    '2026-04-04T14:45:00.000Z',
    '2026-04-04T15:15:00.000Z',
  ]);
  // a whole day
  assert.deepEqual(at('2011-12-30T12:00', 'Pacific/Apia'), []);
});

test('a time that is left out begins when the clock is put forward, and one that comes twice is the first', () => {
  const first = (wall: string, zone: string) =>
    new Date(firstInstantOf(Date.parse(`${wall}Z`), zone)).toISOString();
  assert.equal(first('2026-12-24T18:00', 'Asia/Kathmandu'), '2026-12-24T12:15:00.000Z');
  assert.equal(first('2026-03-29T02:00', 'Europe/Berlin'), '2026-03-29T01:00:00.000Z');
  assert.equal(first('2026-03-29T02:59', 'Europe/Berlin'), '2026-03-29T01:00:00.000Z');
  assert.equal(first('2026-10-25T02:30', 'Europe/Berlin'), '2026-10-25T00:30:00.000Z');
  assert.equal(first('2026-10-04T02:15', 'Australia/Lord_Howe'), '2026-10-03T15:30:00.000Z');
  assert.equal(first('2011-12-30T12:00', 'Pacific/Apia'), '2011-12-30T10:00:00.000Z');
  // at midnight
  assert.equal(first('2026-03-29T00:30', 'Asia/Beirut'), '2026-03-28T22:00:00.000Z');
});

test('the rules of a zone come from one function, which may be another one', () => {
  const HOUR = 3_600_000;
  const noSummer = (zone: string, at: number) =>
    zone === 'Europe/Berlin' ? HOUR : offsetAt(zone, at);
  const wall = Date.parse('2026-06-24T18:00Z');
  assert.deepEqual(instantsOf(wall, 'Europe/Berlin', noSummer), [wall - HOUR]);
  assert.equal(firstInstantOf(wall, 'Europe/Berlin', noSummer), wall - HOUR);
  assert.throws(() => offsetAt('Europe/Nowhere', 0), RangeError);
});

test('an offset has hours and minutes, and seconds before 1973, ahead of UTC or behind', () => {
  for (const [zone, at, seconds] of [
    ['Etc/UTC', '2026-12-24', 0],
    ['Asia/Kathmandu', '2026-12-24', 5 * 3600 + 45 * 60],
    ['America/St_Johns', '2026-12-24', -3.5 * 3600],
    ['Africa/Monrovia', '1970-01-01', -(44 * 60 + 30)],
  ] as const)
    assert.equal(offsetAt(zone, Date.parse(at)), seconds * 1000, zone);
});
