import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS } from '../../../functions/model/bucket.ts';
import type { Wave } from '../../../functions/model/waves.ts';
import { cut, cutWaves } from '../../../functions/pipeline/plan/cut.ts';

/** Ranges in percent, to a thousandth. */
const percents = (ranges: { from: number; to: number }[]) =>
  ranges.map(({ from, to }) =>
    [from, to].map((it) => Math.round((100_000 * it) / BUCKETS) / 1_000),
  );

test('the buckets are cut evenly, and a canary is a share of them and of no other range', () => {
  for (const [parts, percent, expected] of [
    [1, 0, [[0, 100]]],
    [
      2,
      undefined,
      [
        [0, 50],
        [50, 100],
      ],
    ],
    [
      1,
      25,
      [
        [0, 25],
        [25, 100],
      ],
    ],
    [
      2,
      25,
      [
        [0, 25],
        [25, 50],
        [50, 100],
      ],
    ],
    [
      4,
      25,
      [
        [0, 25],
        [25, 50],
        [50, 75],
        [75, 100],
      ],
    ],
    [
      4,
      50,
      [
        [0, 50],
        [50, 75],
        [75, 100],
      ],
    ],
  ] as const)
    assert.deepEqual(percents(cut(parts, percent)), expected, `${parts} ${percent}`);
});

const waveAt = (at: number, zone: string, isLate = false): Wave => ({
  at,
  isHeld: false,
  isLate,
  zones: { in: [zone] },
});

test('each wave is cut by its size, the late ones last, and movers come after all others', () => {
  const [late, small, large] = [waveAt(3, 'a', true), waveAt(5, 'b'), waveAt(4, 'c')];
  const { shards, waves, canaryShards } = cutWaves([late, small, large], {
    whole: 250_000,
    sizes: [1_000.4, 25_000, 125_000],
    percent: 25,
  });
  assert.deepEqual(waves, [
    { at: 5, shards: 1, size: 25_000 },
    { at: 4, shards: 3, size: 125_000 },
    { at: 3, shards: 1, size: 1_000 },
    { at: 5, shards: 1 },
  ]);
  const all = [0, 100];
  assert.deepEqual(percents(shards), [all, [0, 10], [10, 50], [50, 100], all, all]);
  assert.equal(canaryShards, 2);
  assert.deepEqual(
    shards.map((it) => it.wave),
    [
      { ...small, index: 0, of: 1, part: 0 },
      { ...large, index: 1, of: 3, part: 0 },
      { ...large, index: 1, of: 3, part: 1 },
      { ...large, index: 1, of: 3, part: 2 },
      { ...late, index: 2, of: 1, part: 0 },
      { at: 5, isHeld: false, isLate: false, zones: 'movers', index: 3, of: 1, part: 0 },
    ],
  );
});

test('a canary is whole waves and a share of the next, of those that are sent', () => {
  const [a, b, late] = [waveAt(1, 'a'), waveAt(2, 'b'), waveAt(3, 'c', true)];
  for (const [sizes, percent, canaryShards, shares] of [
    [[100, 100, 400], 25, 1, [50, 100, 100, 100, 100]],
    [[50, 150, 400], 25, 1, [100, 100, 100, 100]],
    [[0, 100, 400], 25, 2, [100, 24, 100, 100, 100]],
    [[0, 0, 400], 1, 1, [100, 100, 100, 100]],
    [[40, 60, 0], 50, 2, [100, 16.667, 100, 100, 100]],
    [[125_000, 125_000, 0], 50, 2, [50, 100, 50, 100, 100, 100]],
  ] as const) {
    const found = cutWaves([a, b, late], { whole: 100, sizes, percent });
    const ends = percents(found.shards).map(([, to]) => to);
    assert.deepEqual(ends, shares, String(sizes));
    assert.equal(found.canaryShards, canaryShards, String(sizes));
  }
});

test('one wave alone has no movers, and a small one of a large registry is looked for in parts', () => {
  const of = { whole: 4_000_000, sizes: [10, 0] };
  const [one, other] = [waveAt(3, 'a'), waveAt(4, 'b')];
  const alone = [{ at: 3, shards: 4, size: 10 }];
  assert.deepEqual(cutWaves([one], of).waves, alone);
  assert.equal(cutWaves([one], of).shards.length, 4);
  const both = [...alone, { at: 4, shards: 4, size: 0 }, { at: 4, shards: 1 }];
  assert.deepEqual(cutWaves([one, other], of).waves, both);
  assert.equal(cutWaves([one, other], of).shards.length, 9);
});
