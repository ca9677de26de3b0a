/** The console: its size, and how it feels with 10,000 campaigns on a processor slowed four times. */

import type { Page } from 'playwright-core';
import { startBrowser } from '../console/chromium.ts';
import {
  axeViolations,
  type Console,
  type Ends,
  looks,
  openPage,
  startConsole,
} from '../console/console.ts';
import { sizesOf } from '../console/sizes.ts';
import { benchFollowers, type FollowersResult } from './console-followers.ts';

export interface ConsoleResult extends FollowersResult {
  /** kB of JavaScript until the list is shown, compressed by brotli */
  firstLoadKb: number;
  /** kB of all files, without what only a sign-in to Firebase loads */
  totalKb: number;
  cssKb: number;
  firebaseKb: number;
  /** the median of the loads */
  lcpMs: number;
  /** the worst of the loads */
  cls: number;
  /** the longest from an input to the next frame: a key, a choice, a click */
  interactionMs: number;
  axeViolations: number;
}

const CAMPAIGNS = 10_000;
const CLIENTS = 20;
const LOADS = 5;
const SLOWED = 4;

const observers = `
  window.seen = { lcp: 0, cls: 0, interaction: 0 };
  const watch = (type, take, more) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
  watch('largest-contentful-paint', (it) => { seen.lcp = it.startTime; });
  watch('layout-shift', (it) => { if (!it.hadRecentInput) seen.cls += it.value; });
  watch('event', (it) => { seen.interaction = Math.max(seen.interaction, it.duration); }, { durationThreshold: 16 });
`;

interface Seen {
  lcp: number;
  cls: number;
  interaction: number;
}

/** In a browser first; then what open consoles cost while a campaign to `recipients` is sent. */
export async function benchConsole({ recipients = 200_000 } = {}): Promise<ConsoleResult> {
  return { ...(await benchBrowser()), ...(await benchFollowers({ recipients })) };
}

async function benchBrowser(): Promise<Omit<ConsoleResult, keyof FollowersResult>> {
  const ends: (() => unknown)[] = [];
  const t: Ends = { after: (end) => void ends.push(end) };
  const browser = await startBrowser();
  try {
    const all = await startConsole(t);
    await all.fill(1_000);
    await fillList(all);
    const { page, context } = await openPage(t, browser, all.server.consoleUrl());
    await listed(page);
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
    await page.addInitScript(observers);

    const loads: Seen[] = [];
    for (let i = 0; i < LOADS; i++) {
      await page.goto(`${all.server.url}/console/`);
      await listed(page);
      await idle(page);
      loads.push(await page.evaluate<Seen>('seen'));
    }
    const interactionMs = await interact(page);
    const violations = await lookAtAll(t, browser, all);
    const lcps = loads.map((it) => it.lcp).sort((a, b) => a - b);
    return {
      ...(await sizesOf()),
      lcpMs: Math.round(lcps[Math.floor(LOADS / 2)]!),
      cls: Math.max(...loads.map((it) => it.cls)),
      interactionMs,
      axeViolations: violations,
    };
  } finally {
    for (const end of ends) await end();
    await browser.close();
  }
}

/** Campaigns of a time to come, so that nothing is sent meanwhile. */
async function fillList({ client }: Console) {
  const at = new Date(Date.now() + 86_400_000).toISOString();
  let left = CAMPAIGNS;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (let i = left--; i > 0; i = left--)
        await client.post('/v1/campaigns', {
          name: `Campaign ${i}`,
          audience: { everybody: true },
          message: { title: `Title ${i}` },
          schedule: { at },
        });
    }),
  );
}

const listed = (page: Page) =>
  page
    .getByRole('link', { name: /^Campaign \d+$/ })
    .first()
    .waitFor();

/** Two frames after nothing is left to do: what was painted is in the observers. */
const idle = (page: Page) =>
  page.evaluate(
    'new Promise((done) => requestIdleCallback(() => requestAnimationFrame(() => requestAnimationFrame(done))))',
  );

/** Types, chooses, leads on and back; gives the longest interaction in ms. */
async function interact(page: Page): Promise<number> {
  await page.getByRole('searchbox').pressSequentially('campaign 77');
  await page.getByRole('link', { name: 'Campaign 77', exact: true }).waitFor();
  await page.getByRole('searchbox').fill('');
  // the text is taken a moment later, and the list begins anew then
  await page.waitForURL((url) => !url.searchParams.has('q'));
  await page.getByRole('combobox', { name: 'State' }).selectOption('Scheduled');
  await page.getByRole('button', { name: 'Older' }).click();
  await page.getByRole('button', { name: 'Newer' }).waitFor();
  await page
    .getByRole('link', { name: /^Campaign \d+$/ })
    .first()
    .click();
  await page.getByText('It has not begun.').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog').waitFor();
  await idle(page);
  return (await page.evaluate<Seen>('seen')).interaction;
}

/** Every screen of the navigation, a report and a dialog, in all looks. */
async function lookAtAll(
  t: Ends,
  browser: Awaited<ReturnType<typeof startBrowser>>,
  { server, client }: Console,
): Promise<number> {
  const { id } = await client.post<{ id: string }>('/v1/campaigns', {
    name: 'Spring sale',
    audience: { everybody: true },
    message: { title: 'Spring is here' },
  });
  let violations = 0;
  for (const look of looks) {
    const { page } = await openPage(t, browser, server.consoleUrl(), look);
    await listed(page);
    const links = await page.evaluate<string[]>(
      'Array.from(document.querySelectorAll("nav a"), (it) => it.href)',
    );
    for (const url of [...links, `${server.url}/console/campaigns/${id}`]) {
      await page.goto(url);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await idle(page);
      const found = await axeViolations(page);
      for (const it of found) console.error(`${url} ${look.width} ${look.scheme}: ${it}`);
      violations += found.length;
    }
  }
  return violations;
}
