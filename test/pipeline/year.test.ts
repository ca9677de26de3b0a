import { join } from 'node:path';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { yearContract } from '../contracts/pipeline-year.ts';
import { atNow } from '../contracts/store-fixture.ts';
import { withoutEmulators } from '../emulators.ts';
import { openStore } from '../store/firestore/emulated.ts';
import { makeFolder } from '../store/folder.ts';

yearContract(
  'sqlite',
  async (t, now = atNow) => {
    const store = createSqliteStore({ path: join(makeFolder(t), 'store.db'), now });
    t.after(() => store.close());
    return store;
  },
  { isWhole: true, skip: false },
);

// the emulator takes its time: the days on which clocks change
yearContract('firestore', async (t, now = atNow) => openStore(t, undefined, { now }), {
  isWhole: false,
  skip: withoutEmulators('firestore'),
});
