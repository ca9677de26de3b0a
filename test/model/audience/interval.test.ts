import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intervalOf } from '../../../functions/model/audience/interval.ts';
import { chance } from '../../contracts/store-fixture.ts';

const RUNS = 400;

/** How many of `n` have a chance of `share` each, about, for large `n`. */
function binomial(random: () => number, n: number, share: number): number {
  if (n * share * (1 - share) > 50) {
    // Box and Muller
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.round(n * share + normal * Math.sqrt(n * share * (1 - share)));
  }
  // the lengths of gaps: few are hit
  let hits = 0;
  for (let at = 0; ; hits++) {
    at += Math.floor(Math.log(1 - random()) / Math.log(1 - share)) + 1;
    if (at > n || share === 0) return hits;
  }
}

/** Of `all` installations `matching` are in the audience; in how many of 100 runs is it in the interval? */
function coverage(
  random: () => number,
  [all, matching, looked, share]: [all: number, matching: number, looked: number, share: number],
): number {
  let right = 0;
  for (let run = 0; run < RUNS; run++) {
    // without replacement: each one that is looked at leaves fewer
    let [left, of] = [matching, all];
    let matched = 0;
    for (let i = 0; i < looked; i++)
      if (random() * of-- < left) {
        left--;
        matched++;
      }
    const counted = share === 1 ? all : binomial(random, all, share);
    const { low, high } = intervalOf({ matched, looked, counted, share });
    if (low <= matching && matching <= high) right++;
  }
  return (100 * right) / RUNS;
}

test('the number is in the interval in some 95 of 100 cases', () => {
  const { random } = chance(20);
  const cases: [number, number, number, number][] = [];
  for (const [all, looked] of [
    [2_500, 2_000],
    [20_000, 2_000],
    [1_000_000, 2_000],
    [1_000_000, 8_000],
  ] as const)
    for (const part of [0.0002, 0.001, 0.01, 0.1, 0.5, 0.97, 1])
      for (const share of [1, 0.05]) cases.push([all, Math.round(all * part), looked, share]);
  const found = cases.map((it) => coverage(random, it));
  for (const [i, it] of found.entries()) {
    assert.ok(it >= 91, `${cases[i]!.join(' ')}: ${it} of 100`);
  }
  const average = found.reduce((sum, it) => sum + it, 0) / found.length;
  assert.ok(average >= 94.5, `${average} of 100`);
});

test('it is not wider than it has to be', () => {
  const half = intervalOf({ matched: 1_000, looked: 2_000, counted: 1_000_000, share: 1 });
  assert.equal(half.about, 500_000);
  // 1.96 * sqrt(0.25 / 2000) of a million
  assert.ok(Math.abs(half.high - half.low - 2 * 21_900) < 200, JSON.stringify(half));
});

test('none of a sample is not none of all', () => {
  const { about, low, high } = intervalOf({
    matched: 0,
    looked: 2_000,
    counted: 1_000_000,
    share: 1,
  });
  assert.deepEqual([about, low], [0, 0]);
  assert.ok(high > 1_000 && high < 3_000, `${high}`);
});

test('where all are looked at, the number is what was found', () => {
  for (const matched of [0, 7, 2_000])
    assert.deepEqual(intervalOf({ matched, looked: 2_000, counted: 2_000, share: 1 }), {
      about: matched,
      low: matched,
      high: matched,
    });
  assert.deepEqual(intervalOf({ matched: 0, looked: 0, counted: 0, share: 1 }), {
    about: 0,
    low: 0,
    high: 0,
  });
});

test('nothing looked at says nothing, and what was found is there at least', () => {
  const nothing = intervalOf({ matched: 0, looked: 0, counted: 500, share: 0.5 });
  assert.deepEqual([nothing.about, nothing.low], [0, 0]);
  assert.ok(nothing.high >= 1_000);
  const few = intervalOf({ matched: 3, looked: 2_000, counted: 1_000, share: 0.001 });
  assert.ok(few.low >= 3 && few.low <= few.about && few.about <= few.high);
});

test('installations of one user come together, so the interval is wider', () => {
  const alone = intervalOf({ matched: 200, looked: 400, counted: 100_000, share: 1 });
  // 20 users, with ten each
  const ten = intervalOf({ matched: 200, looked: 400, counted: 100_000, share: 1, together: 10 });
  assert.equal(alone.about, ten.about);
  assert.ok(ten.high - ten.low > 3 * (alone.high - alone.low), JSON.stringify([alone, ten]));
  // each of 400 users has three
  assert.deepEqual(
    intervalOf({ matched: 1_200, looked: 400, counted: 400, share: 1, together: 3 }),
    { about: 1_200, low: 1_200, high: 1_200 },
  );
});
