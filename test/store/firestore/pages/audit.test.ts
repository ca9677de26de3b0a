/** A writer that sets no markers: an earlier version beside this one, or a person in the console. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, bucketOf } from '../../../../functions/model/bucket.ts';
import { AUDITED, PARTS_OF_PAGE } from '../../../../functions/model/sizes.ts';
import type { Store } from '../../../../functions/ports/ports.ts';
import { EVERYBODY, NOW, person } from '../../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { HOUR, openPaged, type Paged } from './paged.ts';

const skip = withoutEmulators('firestore');

const people = Array.from({ length: 40 }, (_, n) => person(`device-${n}`));
const ids = people.map((it) => it.id).toSorted((a, b) => bucketOf(a) - bucketOf(b));

async function read(store: Store): Promise<string[]> {
  const found: string[] = [];
  const all = { app: 'default', audience: {}, range: EVERYBODY, after: null, size: 100 };
  for await (const page of store.streamAudience(all))
    found.push(...page.installations.map((it) => it.id));
  return found;
}

/** As an earlier version writes: all of the document, without a marker. */
type Unmarked = (it: Paged, id: string) => Promise<unknown>;
const unmarked: Record<string, [Unmarked, remaining: (id: string) => string[]]> = {
  'opts out': [
    ({ schema }, id) => schema.installation('default', id).set({ ...fieldsOf(id), optedOut: true }),
    (id) => ids.filter((it) => it !== id),
  ],
  'is deleted': [
    ({ schema }, id) => schema.installation('default', id).delete(),
    (id) => ids.filter((it) => it !== id),
  ],
  'gets a token': [
    ({ schema }, id) => schema.installation('default', id).set({ ...fieldsOf(id), token: 'next' }),
    () => ids,
  ],
};

function fieldsOf(id: string) {
  const { platform, provider, environment, token, tags, refreshedAt } = person(id);
  return { platform, provider, environment, token, tags, refreshedAt };
}

/** The part of its page in which an installation lies; there are 16 pages. */
function partOf(id: string): number {
  const width = BUCKETS / 16;
  return Math.floor(((bucketOf(id) % width) / width) * PARTS_OF_PAGE);
}

/** `differing`: what was told; of every page the part `audits` is audited. */
async function built(t: Parameters<typeof openPaged>[0]) {
  const state: { audits: number | null } = { audits: null };
  const differing: unknown[] = [];
  const it = openPaged(t, {
    pages: {
      random: () => (state.audits === null ? 1 : (state.audits + 0.5) / AUDITED),
      onDifference: (told) => differing.push(told),
    },
  });
  await it.store.putInstallations(people);
  await it.layout('default');
  it.clock.ahead += HOUR;
  await read(it.store);
  assert.equal((await it.pages()).size, 16);
  it.clock.ahead += HOUR;
  return { it, state, differing };
}

for (const [what, [write, remaining]] of Object.entries(unmarked))
  test(`an audit sees that one ${what} without a marker, and pages are not used any more`, {
    skip,
  }, async (t) => {
    const { it, state, differing } = await built(t);
    const id = ids[3]!;
    await write(it, id);
    assert.deepEqual(await read(it.store), ids, 'without an audit it is not seen');
    state.audits = (partOf(id) + 1) % PARTS_OF_PAGE;
    assert.deepEqual(await read(it.store), ids, 'nor by an audit of another part');
    state.audits = partOf(id);
    assert.deepEqual(await read(it.store), remaining(id));
    assert.deepEqual(differing, [{ app: 'default', rows: 1 }]);
    assert.equal((await it.pages()).size, 0);
    await read(it.store);
    assert.equal((await it.pages()).size, 0, 'none is built for two hours');
    it.clock.ahead += 3 * HOUR;
    assert.deepEqual(await read(it.store), remaining(id));
    assert.equal((await it.pages()).size, 16);
    assert.equal(differing.length, 1);
  });

test('what a planner still writes after that is not used when pages are built again', {
  skip,
}, async (t) => {
  const { it, state } = await built(t);
  const [gone, first, next] = ids as [string, string, string];
  await it.schema.installation('default', gone).delete();
  const layout = (await it.schema.layout('default').get()).data()!;
  state.audits = partOf(gone);
  await read(it.store);
  state.audits = null;
  const emptied = (await it.schema.layout('default').get()).data()!;
  // another planner has read the layout before that, and finds no pages
  await it.schema.layout('default').set(layout);
  await read(it.other);
  await it.schema.layout('default').set(emptied);
  assert.equal((await it.pages()).size, 16);
  for (const id of [first, next])
    await it.schema.installation('default', id).set({ ...fieldsOf(id), optedOut: true });
  it.clock.ahead += 3 * HOUR;
  assert.deepEqual(await read(it.store), ids.slice(3));
});

test('an erasure that has emptied a page is not undone when pages are not used any more', {
  skip,
}, async (t) => {
  const { it, state } = await built(t);
  const id = ids[9]!;
  await it.store.putInstallations([person(id, { userId: 'ada' })]);
  await it.store.eraseUser('ada', NOW);
  await it.schema.installation('default', ids[3]!).delete();
  state.audits = partOf(ids[3]!);
  await read(it.store);
  const left = [...(await it.pages()).values()];
  assert.deepEqual(
    left.map((page) => [page.n, page.rows]),
    [[0, undefined]],
  );
});

test('an audit finds nothing in what changed with markers', { skip }, async (t) => {
  const { it, state, differing } = await built(t);
  const [a, b, c, d] = ids as [string, string, string, string];
  await it.store.putInstallations([
    person(a, { optedOut: true }),
    person(b, { token: 'next' }),
    // keeps its marker: the page's date is behind
    person(c, {}, NOW + HOUR),
    person('new'),
  ]);
  await it.store.deleteInstallation('default', d);
  const expected = [...ids.filter((id) => id !== a && id !== d), 'new'];
  for (let round = 0; round < PARTS_OF_PAGE; round++) {
    state.audits = round;
    assert.deepEqual((await read(it.store)).toSorted(), expected.toSorted());
    it.clock.ahead += HOUR;
  }
  assert.deepEqual(differing, []);
});

test('documents that an earlier version has left have no marker, and are what pages say', {
  skip,
}, async (t) => {
  const { it, state, differing } = await built(t);
  await it.drop();
  for (const id of ids) await it.schema.installation('default', id).set(fieldsOf(id));
  for (let part = 0; part < PARTS_OF_PAGE; part++) {
    state.audits = part;
    assert.deepEqual(await read(it.store), ids);
  }
  assert.deepEqual(differing, []);
});
