/** Stores on the emulator whose apps have pages, with a clock of Firestore that tests move. */

import type { TestContext } from 'node:test';
import { Firestore } from '@google-cloud/firestore';
import { PassThroughClient } from 'google-auth-library';
import { chunked } from '../../../../functions/lib/chunked.ts';
import type { Installation } from '../../../../functions/model/installation.ts';
import type { Store } from '../../../../functions/ports/ports.ts';
import { createSchema, fromInstallation } from '../../../../functions/store/firestore/schema.ts';
import type { FirestoreStoreOptions } from '../../../../functions/store/firestore.ts';
import { MINUTE } from '../../../contracts/store-fixture.ts';
import { freshProject } from '../../../emulators.ts';
import { emulator, openStore } from '../emulated.ts';

export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Documents of another hand: what is stored, as it is. */
export function openDocuments(t: TestContext, project: string): Firestore {
  const authClient = new PassThroughClient();
  const db = new Firestore({
    projectId: project,
    host: emulator,
    ssl: false,
    ignoreUndefinedProperties: true,
    authClient,
  });
  t.after(() => db.terminate());
  return db;
}

/** Stores installations without looking at what is there, far faster than the store does. */
export async function fill(db: Firestore, people: Installation[]) {
  const schema = createSchema(db);
  for (const some of chunked(people, 500)) {
    const batch = db.batch();
    for (const it of some) batch.set(schema.installation(it.app, it.id), fromInstallation(it));
    await batch.commit();
  }
}

export interface Paged {
  store: Store;
  /** on the same documents, with the same clock, and not behind the proxy */
  other: Store;
  db: Firestore;
  schema: ReturnType<typeof createSchema>;
  project: string;
  /** `ahead`: how far Firestore's clock is ahead of the emulator's, in ms */
  clock: { ahead: number };
  /** Pages of the app are built from now on. */
  layout(app: string, level?: number): Promise<void>;
  /** Deletes all pages. */
  drop(): Promise<void>;
  /** The pages that are there, by name. */
  pages(): Promise<Map<string, Record<string, unknown>>>;
}

/** No page is audited by chance. */
const UNAUDITED = { random: () => 1 };

export function openPaged(
  t: TestContext,
  { pages, ...options }: Partial<FirestoreStoreOptions> = {},
  host = emulator,
): Paged {
  const project = freshProject();
  const clock = { ahead: 0 };
  const readTime = (at: { toMillis(): number }) => at.toMillis() + clock.ahead;
  const paging = { ...UNAUDITED, ...pages };
  const store = openStore(t, host, { project, readTime, pages: paging, ...options });
  const other = openStore(t, emulator, { project, readTime, pages: paging, ...options });
  const db = openDocuments(t, project);
  const schema = createSchema(db);
  return {
    store,
    other,
    db,
    schema,
    project,
    clock,
    layout: async (app, level = 4) => void (await schema.layout(app).set({ level, from: 0 })),
    async drop() {
      const batch = db.batch();
      for (const { ref } of (await schema.pages.get()).docs) batch.delete(ref);
      await batch.commit();
    },
    async pages() {
      return new Map((await schema.pages.get()).docs.map((it) => [it.id, it.data()]));
    },
  };
}
