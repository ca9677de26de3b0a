/** The process of `npm start` is killed while a campaign is sent: the view says so, and closes later. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { createClient } from '../../functions/cli/client/client.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { freePort } from '../../functions/local/google/free-port.ts';
import { startBrowser, withoutBrowser } from './chromium.ts';
import { DYING, openPage } from './console.ts';

const MAIN = join(import.meta.dirname, '../../functions/local/server/main.ts');
/** ms until the server has begun, or the test fails */
const DEADLINE_MS = 2 * 60_000;

/** `npm start`, and the link that it prints. */
async function start(t: TestContext, dataDir: string, port: string) {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH, NODE_COMPILE_CACHE, VOLLEY_DATA: dataDir, PORT: port },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  const deadline = { signal: AbortSignal.timeout(DEADLINE_MS) };
  for await (const [some] of on(child.stdout, 'data', deadline)) {
    output += some;
    if (/^Pushes /m.test(output)) break;
  }
  const [, link = ''] = /^Console +(\S+)/m.exec(output) ?? [];
  return {
    link,
    async kill() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

suite('a killed server', { skip: withoutBrowser() }, () => {
  let browser: Browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  test('its campaign is seen to its end by the same page, with every recipient once', async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'volley-killed-'));
    const first = await start(t, dataDir, String(await freePort()));
    const { origin, port } = new URL(first.link);
    const client = createClient(origin, (await readFile(join(dataDir, 'api-key'), 'utf8')).trim());
    const { page, allow } = await openPage(t, browser, first.link);
    allow(DYING);
    await page.getByRole('button', { name: 'Add 1,000 made-up devices' }).click();
    await page.getByText('1,000 devices are registered.').waitFor();
    const { id } = await client.post<CampaignView>('/v1/campaigns', {
      name: 'Spring',
      audience: { everybody: true },
      message: { title: 'Spring is here' },
      // 50 s in all: a machine that is busy may take half of them from the click to the kill
      rate: { perMinute: 1_200 },
    });
    await client.post(`/v1/campaigns/${id}/pause`);
    await page.goto(`${origin}/console/campaigns/${id}`);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText(/^1,000 recipients · /).waitFor();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await first.kill();
    await page.getByText(/^No connection since/).waitFor();
    const second = await start(t, dataDir, port);
    await page.getByText(/^No connection since/).waitFor({ state: 'detached' });
    await page.getByText('Closed: every recipient is counted once.').waitFor();
    const { counts } = await client.get<CampaignView>(`/v1/campaigns/${id}`);
    assert.equal(counts.accepted + counts.failed + counts.skipped, 1_000);
    await second.kill();
    await rm(dataDir, { recursive: true, force: true });
  });
});
