/** The part of time that the strip of waves shows, and its hours. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayOf, shareOf, spanOf, ticksOf } from '../../functions/console/parts/strip/span.ts';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);
const hoursOf = ({ from, to }: { from: number; to: number }) => (to - from) / HOUR;

test('a local time takes 26 hours, from UTC+14 to UTC-12', () => {
  const day = dayOf('2026-12-24T09:00');
  assert.deepEqual(day, { from: at('2026-12-23T19:00Z'), to: at('2026-12-24T21:00Z') });
  assert.deepEqual(spanOf([at('2026-12-24T08:00Z')], '2026-12-24T09:00'), day);
  assert.equal(shareOf(day, at('2026-12-24T08:00Z')), 0.5);
});

test('waves outside of them, by quiet hours or on the next day, are seen as well', () => {
  const late = at('2026-12-25T08:15Z');
  const span = spanOf([at('2026-12-24T08:00Z'), late], '2026-12-24T09:00');
  assert.equal(span.from, at('2026-12-23T19:00Z'));
  assert.equal(span.to, late + HOUR);
});

test('without a local time it begins with the hour of the first wave', () => {
  const span = spanOf([at('2026-12-24T21:00Z'), at('2026-12-24T08:17Z')]);
  assert.equal(span.from, at('2026-12-24T08:00Z'));
  assert.equal(hoursOf(span), 26);
});

test('its hours are few, and a day is told from other hours', () => {
  for (const days of [1, 2, 5, 30]) {
    const from = at('2026-12-23T19:00Z');
    const ticks = ticksOf({ from, to: from + days * 26 * HOUR });
    assert.ok(ticks.length >= 2 && ticks.length <= 8, `${ticks.length} in ${days} days`);
    assert.ok(ticks.some((it) => it.isDay));
    assert.ok(ticks.every((it) => it.at >= from));
    for (const it of ticks) assert.equal(it.isDay, new Date(it.at).getHours() === 0);
  }
});
