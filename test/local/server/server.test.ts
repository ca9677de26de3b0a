import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLocal } from '../../../functions/local/server/server.ts';
import { createLog } from '../../../functions/log.ts';
import { makeFolder } from '../../store/folder.ts';

test('an idle connection of a back end stays open', async (t) => {
  const dataDir = makeFolder(t);
  const server = await startLocal({
    dataDir,
    port: 0,
    apps: {},
    apiKey: null,
    log: createLog(() => {}),
  });
  t.after(() => server.stop());
  const response = await fetch(`${server.url}/healthz`);
  await response.arrayBuffer();
  assert.equal(response.headers.get('keep-alive'), 'timeout=75');
});
