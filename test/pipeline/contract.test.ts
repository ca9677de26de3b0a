import { join } from 'node:path';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { pipelineContract } from '../contracts/pipeline.ts';
import { capPipelineContract } from '../contracts/pipeline-caps.ts';
import { localScheduleContract } from '../contracts/pipeline-local.ts';
import { messagePipelineContract } from '../contracts/pipeline-messages.ts';
import { shownContract } from '../contracts/pipeline-shown.ts';
import { atNow } from '../contracts/store-fixture.ts';
import { sweepContract } from '../contracts/sweep.ts';
import { withoutEmulators } from '../emulators.ts';
import { openStore } from '../store/firestore/emulated.ts';
import { makeFolder } from '../store/folder.ts';

for (const contract of [
  pipelineContract,
  capPipelineContract,
  sweepContract,
  messagePipelineContract,
  localScheduleContract,
  shownContract,
]) {
  contract('sqlite', async (t, now = atNow) => {
    const store = createSqliteStore({ path: join(makeFolder(t), 'store.db'), now });
    t.after(() => store.close());
    return store;
  });

  contract(
    'firestore',
    async (t, now = atNow) => openStore(t, undefined, { now }),
    withoutEmulators('firestore'),
  );
}
