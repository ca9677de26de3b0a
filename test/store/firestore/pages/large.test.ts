/** A page that holds more than a document may: 700 kB, of installations with long values that do not compress. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, bucketOf } from '../../../../functions/model/bucket.ts';
import { createClient } from '../../../../functions/store/firestore/client.ts';
import {
  MOST_BYTES,
  packed,
  toPageRow,
} from '../../../../functions/store/firestore/pages/codec.ts';
import {
  firestoreLayouts,
  type Layout,
} from '../../../../functions/store/firestore/pages/layout.ts';
import { pageRows } from '../../../../functions/store/firestore/pages/read.ts';
import { fromInstallation } from '../../../../functions/store/firestore/schema.ts';
import { person } from '../../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { chance } from '../../../http2/chance.ts';
import { takeCosts } from '../costs.ts';
import { emulator } from '../emulated.ts';
import { idIn } from '../marked.ts';
import { startProxy } from '../proxy.ts';
import { fill, HOUR, openPaged } from './paged.ts';

const skip = withoutEmulators('firestore');

/** The first cell: one page on the least level, two on the next. */
const CELL = { from: 0, to: BUCKETS / 16 };

test('a page of more than 700 kB is not written, the app gets twice the pages, and these are', {
  skip,
}, async (t) => {
  const random = chance(5);
  const text = () => Array.from({ length: 3_000 }, () => random.upTo(36).toString(36)).join('');
  const people = Array.from({ length: 400 }, (_, n) =>
    person(idIn('0', `device-${n}`), { attributes: { text: text() } }),
  ).sort((a, b) => bucketOf(a.id) - bucketOf(b.id));
  const bytes = packed(people.map((it) => toPageRow(it.id, fromInstallation(it)))).length;
  assert.ok(bytes > MOST_BYTES && bytes < 1.5 * MOST_BYTES, `${bytes} bytes`);

  const proxy = await startProxy(emulator, t);
  const it = openPaged(t, {}, proxy.host);
  await fill(it.db, people);
  await it.layout('default');
  it.clock.ahead += HOUR;
  async function read() {
    const found: string[] = [];
    const all = { app: 'default', audience: {}, range: CELL, after: null, size: 50 };
    for await (const page of it.store.streamAudience(all))
      found.push(...page.installations.map((one) => one.id));
    assert.deepEqual(
      found,
      people.map((one) => one.id),
    );
    return takeCosts(proxy).reads.installations ?? 0;
  }
  for (const round of ['first', 'second']) {
    assert.ok((await read()) >= people.length, `${round}: from documents`);
    assert.equal((await it.pages()).size, 0);
  }

  const client = createClient({ project: it.project, emulator });
  t.after(() => client.close());
  const raised: number[] = [];
  const layouts = {
    ...firestoreLayouts(client, it.schema),
    raise: async (_: Layout, average: number) => void raised.push(average),
  };
  const options = { querySize: 500, mostBytes: MOST_BYTES, foldedAfter: 10, lifeDays: 30 };
  const context = {
    client,
    schema: it.schema,
    layouts,
    options: { ...options, random: () => 1, onDifference: () => assert.fail() },
  };
  const documents = { app: 'default', range: CELL, after: null, fields: [], audience: {} };
  for await (const _ of pageRows(context, (await layouts.get('default'))!, documents));
  assert.deepEqual(raised, [Number.POSITIVE_INFINITY], 'whatever pages have on average');

  await it.layout('default', 5);
  await read();
  const pages = [...(await it.pages()).values()];
  assert.equal(pages.length, 2);
  assert.equal(
    pages.reduce((sum, page) => sum + (page.n as number), 0),
    people.length,
  );
  it.clock.ahead += HOUR;
  assert.ok((await read()) < 10, 'from pages');
});
