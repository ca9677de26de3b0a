import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DocumentSnapshot, Timestamp } from '@google-cloud/firestore';
import { createClient } from '../../../../functions/store/firestore/client.ts';
import {
  firestoreLayouts,
  type Layout,
} from '../../../../functions/store/firestore/pages/layout.ts';
import { createSchema } from '../../../../functions/store/firestore/schema.ts';
import { freshProject, withoutEmulators } from '../../../emulators.ts';
import { emulator } from '../emulated.ts';
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
