import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf } from '../../../../functions/model/bucket.ts';
import { overlayIn } from '../../../../functions/store/firestore/pages/changes.ts';
import { type PageRow, toPageRow } from '../../../../functions/store/firestore/pages/codec.ts';
import { laidOver } from '../../../../functions/store/firestore/pages/lay-over.ts';
import { fromInstallation } from '../../../../functions/store/firestore/schema.ts';
import { chance, person } from '../../../contracts/store-fixture.ts';

const rowOf = (id: string, token = `token-of-${id}`): PageRow =>
  toPageRow(id, fromInstallation(person(id, { token })));
const inOrder = (ids: string[]) =>
  ids.toSorted((a, b) => bucketOf(a) - bucketOf(b) || (a < b ? -1 : 1));
const pageOf = (ids: string[]) => inOrder(ids).map((it) => rowOf(it));
const changedOf = (...rows: (PageRow | string)[]) =>
  new Map(
    rows.map((it) => {
      const id = typeof it === 'string' ? it : it.id;
      return [
        id,
        { bucket: bucketOf(id), at: 0, row: typeof it === 'string' ? null : it },
      ] as const;
    }),
  );
const goneOf = (...ids: string[]) => new Map(ids.map((id) => [id, 0]));

test('a page without changes is what it was', () => {
  const page = pageOf(['a', 'b']);
  assert.equal(laidOver(page, { changed: new Map(), gone: new Map() }), page);
});

test('what is changed wins over the page and over what is gone; who opted out is left out', () => {
  const page = pageOf(['a', 'b', 'c', 'd']);
  const changed = changedOf(rowOf('a', 'later'), rowOf('new'), 'b');
  const rows = laidOver(page, { changed, gone: goneOf('a', 'c', 'unknown') });
  assert.deepEqual(
    rows.map((it) => [it.id, it.token]),
    inOrder(['a', 'd', 'new']).map((id) => [id, id === 'a' ? 'later' : `token-of-${id}`]),
  );
});

test('random changes give what was to be, in order', () => {
  const { below } = chance(17);
  for (let round = 0; round < 300; round++) {
    const ids = Array.from({ length: below(30) }, (_, n) => `device-${n}`);
    const page = pageOf(ids.filter(() => below(3) > 0));
    const state = new Map(page.map((it) => [it.id, it]));
    const changed = changedOf(
      ...ids.filter(() => below(4) === 0).map((it) => (below(3) ? rowOf(it, 'later') : it)),
    );
    const gone = goneOf(...ids.filter(() => below(5) === 0));
    for (const id of gone.keys()) state.delete(id);
    for (const [id, { row }] of changed)
      if (row) state.set(id, row);
      else state.delete(id);
    assert.deepEqual(
      laidOver(page, { changed, gone }),
      inOrder([...state.keys()]).map((id) => state.get(id)),
    );
  }
});

test('of the changes of a cell a page gets those in its range', () => {
  const ids = inOrder(Array.from({ length: 50 }, (_, n) => `device-${n}`));
  const changes = {
    since: 0,
    readAt: 0,
    changed: [...changedOf(...ids.map((it) => rowOf(it)))],
    gone: ids.map((id) => ({ id, bucket: bucketOf(id), at: 0 })),
  };
  const range = { from: bucketOf(ids[10]!), to: bucketOf(ids[20]!) };
  const { changed, gone } = overlayIn(changes, range);
  assert.deepEqual([...changed.keys()], ids.slice(10, 20));
  assert.deepEqual([...gone.keys()], ids.slice(10, 20));
});
