/** Every audience, whatever state the pages are in: one meaning, the same order, cursors inside pages. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches } from '../../../../functions/model/audience/matches.ts';
import { BUCKETS, type BucketRange, type Cursor } from '../../../../functions/model/bucket.ts';
import type { Installation } from '../../../../functions/model/installation.ts';
import type { Audience } from '../../../../functions/model/schemas/audience.ts';
import type { Store } from '../../../../functions/ports/ports.ts';
import { createClient } from '../../../../functions/store/firestore/client.ts';
import { emptyPages } from '../../../../functions/store/firestore/pages/emptying.ts';
import { audienceContract } from '../../../contracts/store-audience.ts';
import { chance, EVERYBODY, NOW, person } from '../../../contracts/store-fixture.ts';
import { crowd, expression, inOrder } from '../../../contracts/store-matching.ts';
import { pastContract } from '../../../contracts/store-past.ts';
import { zoneContract } from '../../../contracts/store-zones.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { emulator } from '../emulated.ts';
import { DAY, HOUR, openPaged, type Paged } from './paged.ts';

const skip = withoutEmulators('firestore');

/** Reads all of an app, which builds and folds its pages. */
async function readAll(store: Store, app = 'default') {
  const read = { app, audience: {}, range: EVERYBODY, after: null, size: 1_000 };
  for await (const _ of store.streamAudience(read));
}

async function idsOf(
  store: Store,
  audience: Audience,
  range: BucketRange,
  after: Cursor | null,
  size: number,
) {
  const ids: string[] = [];
  const cursors: Cursor[] = [];
  const read = { app: 'default', audience, range, after, size };
  for await (const page of store.streamAudience(read)) {
    assert.ok(page.installations.length <= size);
    ids.push(...page.installations.map((it) => it.id));
    if (page.installations.length === size) cursors.push(page.cursor);
  }
  return { ids, cursors };
}

/** A tenth changes, a tenth goes, a tenth opts out, and some are new. */
async function change({ store }: Paged, people: Installation[]): Promise<Installation[]> {
  const { below } = chance(41);
  const kept: Installation[] = [];
  const changed: Installation[] = [];
  const gone: Installation[] = [];
  for (const it of people) {
    const dice = below(10);
    if (dice === 0) {
      gone.push(it);
      continue;
    }
    const other =
      dice === 1
        ? { ...it, ...(it.bucket % 2 === 0 ? { optedOut: true } : { optedOutOf: ['marketing'] }) }
        : dice === 2
          ? { ...it, tags: ['vip', 'later'], language: 'de', token: `later-${it.id}` }
          : it;
    if (other !== it) changed.push(other);
    kept.push(other);
  }
  await Promise.all(gone.map((it) => store.deleteInstallation(it.app, it.id)));
  const late = Array.from({ length: 20 }, (_, n) => person(`late-${n}`, { tags: ['news'] }));
  await store.putInstallations([...changed, ...late]);
  return [...kept, ...late];
}

type Bring = (it: Paged, people: Installation[]) => Promise<Installation[] | undefined>;

const states: Record<string, Bring> = {
  absent: async () => undefined,
  fresh: async ({ store }) => void (await readAll(store)),
  stale: async (it, people) => {
    await readAll(it.store);
    return change(it, people);
  },
  'stale and folded': async (it, people) => {
    await readAll(it.store);
    const changed = await change(it, people);
    it.clock.ahead += HOUR;
    await readAll(it.store);
    return changed;
  },
  empty: async (it, people) => {
    await readAll(it.store);
    const client = createClient({ project: it.project, emulator });
    await emptyPages(client, it.schema, people);
    await client.close();
    return change(it, people);
  },
  'of the level below': async (it, people) => {
    await readAll(it.store);
    await it.layout('default', 5);
    return change(it, people);
  },
  expired: async (it, people) => {
    await readAll(it.store);
    const changed = await change(it, people);
    it.clock.ahead += 31 * DAY;
    // what is gone has a time to live as well, and Firestore may delete it
    for (const { ref } of (await it.schema.gone.get()).docs) await ref.delete();
    return changed;
  },
  'of another format': async (it, people) => {
    await readAll(it.store);
    for (const { ref } of (await it.schema.pages.get()).docs) await ref.update({ format: 99 });
    return change(it, people);
  },
  'with rows that cannot be read': async (it, people) => {
    await readAll(it.store);
    for (const { ref } of (await it.schema.pages.get()).docs)
      await ref.update({ rows: Buffer.from('page') });
    return change(it, people);
  },
};

for (const [state, bring] of Object.entries(states))
  test(`with pages ${state}, an audience is who it says`, { skip }, async (t) => {
    const it = openPaged(t);
    const people = crowd(chance(31));
    await it.store.putInstallations(people);
    for (const app of ['default', 'other']) await it.layout(app);
    it.clock.ahead += HOUR;
    const now = (await bring(it, people)) ?? people;
    await each(it.store, now, 20);
  });

/** Random audiences, ranges, sizes and cursors. */
async function each(store: Store, people: Installation[], rounds: number) {
  const dice = chance(37);
  for (let n = 0; n < rounds; n++) {
    const audience = n === 0 ? {} : expression(dice, dice.below(3));
    const [from, to] = [dice.random(), dice.random()]
      .map((it) => Math.floor(it * BUCKETS))
      .toSorted((a, b) => a - b) as [number, number];
    const range = n % 3 === 0 ? EVERYBODY : { from, to };
    const expected = people
      .filter((it) => it.app === 'default' && it.bucket >= range.from && it.bucket < range.to)
      .filter((it) => matches(audience, it))
      .sort(inOrder)
      .map((it) => it.id);
    const size = 1 + dice.below(50);
    const what = JSON.stringify(audience);
    const { ids, cursors } = await idsOf(store, audience, range, null, size);
    assert.deepEqual(ids, expected, what);
    const at = dice.below(cursors.length + 1);
    const after = cursors[at];
    if (!after) continue;
    const rest = await idsOf(store, audience, range, after, size);
    assert.deepEqual(rest.ids, expected.slice((at + 1) * size), what);
  }
}

test('a page that is too large is not written, and read from documents', { skip }, async (t) => {
  const it = openPaged(t, { pages: { mostBytes: 500 } });
  const people = crowd(chance(31));
  await it.store.putInstallations(people);
  await it.layout('default');
  it.clock.ahead += HOUR;
  await readAll(it.store);
  assert.equal((await it.pages()).size, 0);
  await each(it.store, people, 10);
});

test('what there is of pages is told, by app', { skip }, async (t) => {
  const it = openPaged(t);
  await it.store.putInstallations(crowd(chance(31)));
  for (const app of ['default', 'a~']) await it.layout(app);
  it.clock.ahead += HOUR;
  await readAll(it.store);
  const told = await it.store.pagesState();
  const held = told[1]!;
  assert.deepEqual(told[0], {
    app: 'a~',
    pages: 0,
    of: 16,
    builtFrom: 0,
    oldest: null,
    installations: null,
  });
  assert.deepEqual([held.app, held.pages, held.of], ['default', 16, 16]);
  assert.ok(held.installations! > 150 && held.installations! < 350, `${held.installations}`);
  assert.ok(held.oldest! > 0);
});

test('three hundred apps of three installations are read apart, with pages or without', {
  skip,
}, async (t) => {
  const it = openPaged(t);
  const apps = ['a', 'a~', 'a!', 'ab', ...Array.from({ length: 296 }, (_, n) => `app-${n}`)];
  const people = apps.flatMap((app) =>
    [0, 1, 2].map((n) => person(`device-${n}`, { app, token: `${n} of ${app}` })),
  );
  await it.store.putInstallations(people);
  for (const app of apps.slice(0, 4)) await it.layout(app);
  it.clock.ahead += HOUR;
  for (let round = 0; round < 2; round++)
    for (const app of round === 0 ? apps : apps.slice(0, 4)) {
      const tokens: string[] = [];
      const read = { app, audience: {}, range: EVERYBODY, after: null, size: 2 };
      for await (const page of it.store.streamAudience(read))
        tokens.push(...page.installations.map((one) => one.token));
      assert.deepEqual(
        tokens.toSorted(),
        [0, 1, 2].map((n) => `${n} of ${app}`),
        app,
      );
    }
  assert.equal((await it.pages()).size, 4 * 16);
});

/** The contracts of audiences, on pages that were built an hour after anything was put. */
if (!skip)
  for (const contract of [audienceContract, pastContract, zoneContract])
    contract('firestore with pages', async (t, now = () => NOW) => {
      const it = openPaged(t, { now });
      for (const app of ['default', 'other']) await it.layout(app);
      const { putInstallations } = it.store;
      return {
        ...it.store,
        async putInstallations(batch) {
          await putInstallations(batch);
          it.clock.ahead += HOUR;
        },
      };
    });
