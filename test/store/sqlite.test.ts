import { join } from 'node:path';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { storeContract } from '../contracts/store.ts';
import { makeFolder } from './folder.ts';

storeContract('sqlite', async (t) => {
  const store = createSqliteStore({ path: join(makeFolder(t), 'store.db') });
  t.after(() => store.close());
  return store;
});
