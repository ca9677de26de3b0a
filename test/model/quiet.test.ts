import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterQuiet, isQuiet, nextQuiet } from '../../functions/model/quiet.ts';

const NIGHT = { from: '22:00', to: '08:00' };
const NOON = { from: '12:30', to: '14:15' };
const utc = (text: string) => Date.parse(`${text}Z`);
const text = (at: number) => new Date(at).toISOString().slice(0, 16);

test('it is quiet from a time of the day until another, which may be after midnight', () => {
  for (const [quiet, time, expected] of [
    [NIGHT, '21:59', false],
    [NIGHT, '22:00', true],
    [NIGHT, '23:59', true],
    [NIGHT, '00:00', true],
    [NIGHT, '07:59', true],
    [NIGHT, '08:00', false],
    [NIGHT, '12:00', false],
    [NOON, '12:29', false],
    [NOON, '12:30', true],
    [NOON, '14:14', true],
    [NOON, '14:15', false],
    [NOON, '00:00', false],
    [NOON, '23:59', false],
  ] as const) {
    assert.equal(isQuiet(quiet, 'Etc/UTC', utc(`2026-11-21T${time}`)), expected, time);
    // there it is five and three quarters of an hour later
    const kathmandu = utc(`2026-11-21T${time}`) - (5 * 60 + 45) * 60_000;
    assert.equal(isQuiet(quiet, 'Asia/Kathmandu', kathmandu), expected, `${time} in Kathmandu`);
  }
});

test('when quiet hours end and begin next, and at a time that clocks leave out or show twice', () => {
  const SMALL = { from: '22:00', to: '02:30' };
  for (const [quiet, zone, at, ends, begins] of [
    [NIGHT, 'Europe/Berlin', '2026-11-21T12:00', null, '2026-11-21T21:00'],
    [NIGHT, 'Europe/Berlin', '2026-11-21T21:00', '2026-11-22T07:00', '2026-11-22T21:00'],
    [NIGHT, 'Europe/Berlin', '2026-11-22T06:59', '2026-11-22T07:00', '2026-11-22T21:00'],
    [NIGHT, 'Europe/Berlin', '2026-11-22T07:00', null, '2026-11-22T21:00'],
    [NIGHT, 'Pacific/Kiritimati', '2026-11-21T10:30', '2026-11-21T18:00', '2026-11-22T08:00'],
    [SMALL, 'Europe/Berlin', '2026-03-29T00:00', '2026-03-29T01:00', '2026-03-29T20:00'],
    [SMALL, 'Europe/Berlin', '2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T21:00'],
    [SMALL, 'Europe/Berlin', '2026-10-25T00:30', null, '2026-10-25T21:00'],
    [SMALL, 'Europe/Berlin', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T21:00'],
    [{ from: '02:30', to: '08:00' }, 'Europe/Berlin', '2026-03-29T00:30', null, '2026-03-29T01:00'],
  ] as const) {
    const named = `${zone} ${at}`;
    assert.equal(text(afterQuiet(quiet, zone, utc(at))), ends ?? at, named);
    assert.equal(text(nextQuiet(quiet, zone, utc(at))), begins, named);
  }
});
