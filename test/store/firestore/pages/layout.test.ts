import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DocumentSnapshot, Timestamp } from '@google-cloud/firestore';
import { createClient } from '../../../../functions/store/firestore/client.ts';
import {
  firestoreLayouts,
  type Layout,
  roughSize,
} from '../../../../functions/store/firestore/pages/layout.ts';
import { createSchema } from '../../../../functions/store/firestore/schema.ts';
import { freshProject, withoutEmulators } from '../../../emulators.ts';
import { takeCosts } from '../costs.ts';
import { emulator, openThroughProxy } from '../emulated.ts';
import { DAY } from './paged.ts';

const skip = withoutEmulators('firestore');

/** The layout as a read would have found it, so many ms after it was written. */
function readLater(layout: Layout, ms: number): Layout {
  const readTime = Timestamp.fromMillis(layout.found.updateTime!.toMillis() + ms);
  const found: DocumentSnapshot = Object.create(layout.found, { readTime: { value: readTime } });
  return { ...layout, found };
}

test('pages that hold too many rows are halved: once a day, and once by many planners', {
  skip,
}, async (t) => {
  const client = createClient({ project: freshProject(), emulator });
  t.after(() => client.close());
  const schema = createSchema(client.db);
  const layouts = firestoreLayouts(client, schema);
  await layouts.create('shop', 20_000);
  await schema.layout('shop').update({ from: 0 });
  const before = (await layouts.get('shop'))!;
  const level = async () => (await layouts.get('shop'))!.level;

  await layouts.raise(readLater(before, DAY - 1), 10_000);
  assert.equal(await level(), before.level, 'written less than a day ago');
  await layouts.raise(readLater(before, DAY), 2_000);
  assert.equal(await level(), before.level, 'few rows');
  const planner = readLater(before, DAY);
  await Promise.all([1, 2, 3].map(() => layouts.raise(planner, 10_000)));
  assert.equal(await level(), before.level + 1);
  await layouts.raise(planner, 10_000);
  assert.equal(await level(), before.level + 1, 'by what was found before it rose');
  await layouts.raise((await layouts.get('shop'))!, 10_000);
  assert.equal(await level(), before.level + 1, 'it has risen today');
});

test('before a page is built the layout tells about how many there are, without a count', {
  skip,
}, async (t) => {
  const project = freshProject();
  const client = createClient({ project, emulator });
  t.after(() => client.close());
  const schema = createSchema(client.db);
  const layouts = firestoreLayouts(client, schema);
  const { store, proxy } = await openThroughProxy(t, { project });
  for (const size of [20_000, 32_000, 32_001, 64_000, 64_001, 1_000_000, 100_000_000]) {
    const app = `of-${size}`;
    await layouts.create(app, size);
    await schema.layout(app).update({ from: 0 });
    takeCosts(proxy);
    const rough = await store.estimateAudience(app, {}, true);
    assert.deepEqual(takeCosts(proxy).reads, { layouts: 1, pages: 8 });
    assert.equal(rough, roughSize((await layouts.get(app))!));
    assert.ok(rough >= size / 2 && rough <= 2 * size, `${rough} for ${size}`);
  }
});
