import { join } from 'node:path';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { type MakeStore, storeContract } from '../contracts/store.ts';
import { atNow } from '../contracts/store-fixture.ts';
import { comeBackContract } from '../contracts/store-zones.ts';
import { makeFolder } from './folder.ts';

const makeStore: MakeStore = async (t, now = atNow) => {
  const store = createSqliteStore({ path: join(makeFolder(t), 'store.db'), now });
  t.after(() => store.close());
  return store;
};

storeContract('sqlite', makeStore);
comeBackContract('sqlite', makeStore);
