import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock } from '../../functions/cli/format.ts';
import { createProgress, createRate, type Gauge, line } from '../../functions/cli/progress.ts';

const gauge: Gauge = { done: 500, total: 2000, rate: 100, words: 'accepted 490  failed 10' };

function terminal(isTTY: boolean) {
  let text = '';
  const write = (it: string | Uint8Array) => {
    text += it;
    return true;
  };
  return { isTTY, columns: 80, write, shown: () => text };
}

test('a line has share, total, rate, time left and outcomes beside a bar', () => {
  assert.equal(
    line(gauge, 80),
    '██████░░░░░░░░░░░░░░░░░░░ 25% of 2,000  100/s  ETA 0:15  accepted 490  failed 10',
  );
});

test('a line fits into its columns, however large the numbers are', () => {
  const words = 'accepted 9,999,999  failed 999,999  skipped 99,999';
  for (const width of [20, 40, 80])
    for (const done of [0, 1, 5_000_000, 10_000_000])
      for (const rate of [0, 0.1, 123_456]) {
        const it = line({ done, total: 10_000_000, rate, words }, width);
        assert.ok(it.length <= width, it);
      }
});

test('a line is empty without a total', () => {
  const none = { done: 0, total: 0, rate: 0, words: 'accepted 0  failed 0' };
  assert.equal(line(none, 80), '');
  assert.match(line({ ...none, total: 5, words: '' }, 80), /░ 0% of 5$/);
  const pipe = terminal(false);
  const plain = createProgress(pipe);
  plain.show(none);
  plain.stop();
  assert.equal(pipe.shown(), '');
});

test('times are written like a clock', () => {
  assert.deepEqual([0, 9.1, 65, 3600 + 61].map(clock), ['0:00', '0:10', '1:05', '1:01:01']);
});

test('a rate is of the last seconds, not of the whole time', () => {
  let now = 0;
  const rate = createRate(() => now);
  assert.equal(rate(0), 0);
  for (now = 1000; now <= 10_000; now += 1000) rate(now);
  assert.equal(Math.round(rate(10_000 + 1000)), 1000);
  for (; now <= 20_000; now += 1000) rate(11_000);
  assert.equal(rate(11_000), 0);
});

test('a terminal gets one moving line, anything else plain lines now and then', () => {
  const tty = terminal(true);
  const bar = createProgress(tty);
  bar.show(gauge);
  bar.show({ ...gauge, done: 2000 });
  bar.stop();
  assert.match(tty.shown(), /█.*100% of 2,000/);

  const pipe = terminal(false);
  let now = 0;
  const plain = createProgress(pipe, undefined, () => now);
  for (let done = 0; done <= 2000; done += 100) {
    plain.show({ ...gauge, done, words: '' });
    now += 500;
  }
  plain.stop();
  const lines = pipe.shown().trim().split('\n');
  assert.equal(lines.length, 6);
  assert.equal(lines[0], '0% of 2,000  100/s  ETA 0:20');
  assert.equal(lines.at(-1), '100% of 2,000  100/s');
  assert.doesNotMatch(pipe.shown(), /[█\x1b]/);
});
