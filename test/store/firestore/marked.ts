/** A store on the emulator whose Firestore has a clock of the test's, and what it has marked. */

import type { TestContext } from 'node:test';
import { bucketOf } from '../../../functions/model/bucket.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import { CELLS, cellOf, markedSince } from '../../../functions/store/firestore/pages/markers.ts';
import {
  BY_NAME,
  createSchema,
  type GoneFields,
} from '../../../functions/store/firestore/schema.ts';
import type { FirestoreStoreOptions } from '../../../functions/store/firestore.ts';
import { NOW } from '../../contracts/store-fixture.ts';
import { freshProject } from '../../emulators.ts';
import { emulator, openThroughProxy } from './emulated.ts';

export async function openMarked(t: TestContext, options: Partial<FirestoreStoreOptions> = {}) {
  const clock = { now: NOW };
  const project = freshProject();
  const { store, proxy } = await openThroughProxy(t, {
    project,
    now: () => clock.now,
    readTime: () => clock.now,
    ...options,
  });
  const { db, close } = createClient({ project, emulator });
  t.after(close);
  const schema = createSchema(db);

  const fieldsOf = async (id: string, app = 'default') =>
    (await schema.installation(app, id).get()).data();

  /** The ids in a cell that have a marker of then or later, in the order of their markers. */
  async function changedSince(cell: string, at = 0, app = 'default') {
    const [from, to] = markedSince(app, cell, at);
    const query = schema.installations.orderBy('changed').startAt(from).endBefore(to);
    return (await query.get()).docs.map((it) => it.id.split('~')[2]);
  }

  /** The documents of a cell in `gone`, of then or later. */
  async function goneSince(cell: string, at = 0, app = 'default') {
    const [from, to] = markedSince(app, cell, at);
    const query = schema.gone.orderBy(BY_NAME).startAt(from).endBefore(to);
    return (await query.get()).docs.map((it) => it.data() as GoneFields);
  }

  /** The ids that are gone from all cells of the app. */
  async function allGone(app = 'default') {
    const cells = await Promise.all(CELLS.map((it) => goneSince(it, 0, app)));
    return cells.flat(2).flatMap((it) => it.ids);
  }

  return { store, proxy, clock, db, schema, fieldsOf, changedSince, goneSince, allGone };
}

/** The first id of that form whose bucket lies in the cell. */
export function idIn(cell: string, form = 'device') {
  for (let n = 0; ; n++) if (cellOf(bucketOf(`${form}-${n}`)) === cell) return `${form}-${n}`;
}
