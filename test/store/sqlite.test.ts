import { join } from 'node:path';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { storeContract } from '../contracts/store.ts';
import { atNow } from '../contracts/store-fixture.ts';
import { makeFolder } from './folder.ts';

storeContract('sqlite', async (t, now = atNow, receipts) => {
  const path = join(makeFolder(t), 'store.db');
  const store = createSqliteStore({ path, now, ...(receipts && { receipts }) });
  t.after(() => store.close());
  return store;
});
