import { join } from 'node:path';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { moversContract } from '../contracts/pipeline-movers.ts';
import { atNow } from '../contracts/store-fixture.ts';
import { withoutEmulators } from '../emulators.ts';
import { openStore } from '../store/firestore/emulated.ts';
import { makeFolder } from '../store/folder.ts';

moversContract(
  'sqlite',
  async (t, now = atNow) => {
    const store = createSqliteStore({ path: join(makeFolder(t), 'store.db'), now });
    t.after(() => store.close());
    return store;
  },
  { seeds: [1, 2, 3], skip: false, comeBack: true },
);

moversContract('firestore', async (t, now = atNow) => openStore(t, undefined, { now }), {
  seeds: [4],
  skip: withoutEmulators('firestore'),
  comeBack: false,
});
