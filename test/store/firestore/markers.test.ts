import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS } from '../../../functions/model/bucket.ts';
import {
  CELLS,
  cellOf,
  changedAt,
  changedName,
  GONE_DAYS,
  goneName,
  LANDED_MS,
  markedSince,
} from '../../../functions/store/firestore/pages/markers.ts';
import { MINUTE, NOW } from '../../contracts/store-fixture.ts';

test('a cell is a sixteenth of the buckets, in their order', () => {
  assert.deepEqual([0, 2 ** 28 - 1, 2 ** 28, BUCKETS - 1].map(cellOf), ['0', '0', '1', 'f']);
  const width = BUCKETS / CELLS.length;
  assert.deepEqual(
    CELLS.map((_, i) => cellOf(i * width)),
    CELLS,
  );
});

test('markers are in the order of time', () => {
  const times = [0, MINUTE, NOW - MINUTE, NOW, NOW + MINUTE, NOW + 130 * 365 * 1440 * MINUTE];
  const names = times.map((it) => changedName('default', 'a', it));
  assert.deepEqual(names.toSorted(), names);
  assert.deepEqual(names.map(changedAt), times);
  assert.equal(names[0], 'default~a~00000000');
  assert.equal(changedName('default', 'a', -1), names[0]);
});

test('a marker says the minute in which it was set', () => {
  assert.equal(changedAt(changedName('a~b', 'f', NOW + MINUTE - 1)), NOW);
  assert.equal(changedAt(goneName('default', 'f', NOW, 'x')), Number.NaN);
  assert.equal(changedAt('default~f~never'), Number.NaN);
});

test('between two markers of a cell there are none of another cell or app, however it is named', () => {
  const apps = ['a', 'a~', 'a!', 'ab', 'a~0', 'a~0~', 'a%7e', 'a%', '~', '__a__', 'A', 'ä'];
  const times = [0, NOW - MINUTE, NOW, NOW + MINUTE];
  const all = apps.flatMap((app) =>
    CELLS.flatMap((cell) =>
      times.flatMap((at) => [
        { app, cell, at, name: changedName(app, cell, at) },
        { app, cell, at, name: goneName(app, cell, at, 'f0') },
      ]),
    ),
  );
  assert.equal(new Set(all.map((it) => it.name)).size, all.length);
  for (const app of apps)
    for (const cell of CELLS) {
      const [from, to] = markedSince(app, cell, NOW + 1);
      const found = all.filter((it) => it.name >= from && it.name < to);
      const wanted = all.filter((it) => it.app === app && it.cell === cell && it.at >= NOW);
      assert.deepEqual(found, wanted);
    }
});

test('what is gone outlives every page, and what has landed is no longer under way', () => {
  assert.ok(GONE_DAYS > 30 + LANDED_MS / (24 * 60 * MINUTE));
  assert.ok(LANDED_MS > 270_000 + MINUTE - 1);
});
