/**
 * The console in a browser, on a real local server with simulated providers. A page that writes an error
 * to its console, breaks its Content-Security-Policy, or leaves an exception or a rejection unhandled
 * fails the test, once it is closed.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Client, createClient } from '../../functions/cli/client/client.ts';
import { freePort } from '../../functions/local/google/free-port.ts';
import { type LocalServer, startLocal } from '../../functions/local/server/server.ts';
import { startSimulated } from '../../functions/local/simulated.ts';
import { createLog } from '../../functions/log.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { type Simulator, startSimulator } from '../../functions/simulators/simulator.ts';
import { PATIENT_MS, until } from '../until.ts';

/** A test, or what else ends what it has begun. */
export interface Ends {
  after(end: () => unknown): void;
}

type Settings = Parameters<typeof startSimulated>[0];

export interface Console {
  server: LocalServer;
  /** the API, with the key of the server */
  client: Client;
  /** the simulated FCM */
  fcm: Simulator;
  /** Imports so many devices, half of them iPhones. */
  fill(devices: number): Promise<void>;
  /** A link that signs in with a key of these scopes. */
  linkFor(scopes: string[]): Promise<string>;
  /** Ends the process's server as a crash does, and starts another on the same port and data. */
  kill(): Promise<void>;
  revive(): Promise<void>;
}

const quiet = createLog(() => {});
/** A deadline of the command line is for people: a machine may stand still for as long. */
const patient: typeof fetch = (input, init) =>
  fetch(input, { ...init, signal: AbortSignal.timeout(PATIENT_MS) });
const closers = new WeakMap<Ends, (() => Promise<void>)[]>();

/** Closes pages before the test's server stops, which they would miss. */
export const closeFirst = (t: Ends, close: () => Promise<void>) =>
  closers.set(t, [...(closers.get(t) ?? []), close]);

/** Starts the server and its simulators; they end with the test. */
export async function startConsole(t: Ends, settings: Settings = {}): Promise<Console> {
  const dataDir = await mkdtemp(join(tmpdir(), 'volley-console-'));
  const simulated = await startSimulated(settings, startSimulator);
  const port = await freePort();
  const start = () =>
    startLocal({
      dataDir,
      port,
      apiKey: null,
      apps: simulated.apps,
      ca: simulated.ca,
      log: quiet,
    });
  let running: LocalServer | null = await start();
  const first = running;
  t.after(async () => {
    for (const close of closers.get(t) ?? []) await close();
    await running?.stop();
    await simulated.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const client = createClient(first.url, first.apiKey, patient);
  return {
    get server() {
      return running ?? first;
    },
    client,
    fcm: simulated.fcm,
    async fill(devices) {
      const rows = Array.from({ length: devices }, (_, i) => {
        const [platform, provider] =
          i % 2 ? (['ios', 'apns'] as const) : (['android', 'fcm'] as const);
        return `d${i},${platform},${sampleToken(provider, i)},${i % 3 ? 'en' : 'de'},user-${i}\n`;
      });
      const csv = ['id,platform,token,language,userId\n', ...rows].join('');
      const body = Readable.from([Buffer.from(csv)]);
      await client.upload('/v1/installations:import', 'text/csv', body);
    },
    async linkFor(scopes) {
      const { key } = await client.post<{ key: string }>('/v1/keys', { name: 'looker', scopes });
      const { path } = await createClient(first.url, key).post<{ path: string }>('/console/code');
      return first.url + path;
    },
    async kill() {
      await running?.stop();
      running = null;
    },
    async revive() {
      running = await start();
    },
  };
}

export interface Look {
  width?: 390 | 1280;
  scheme?: 'light' | 'dark';
}

export const looks: Required<Look>[] = ([390, 1280] as const).flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
);

const sizeOf = (width: 390 | 1280) => ({ width, height: width === 390 ? 844 : 900 });

interface Opened {
  page: Page;
  context: BrowserContext;
  /** what went wrong on the page so far; a test that expects something takes it out */
  faults: string[];
  /** Faults like that are expected, before and after. */
  allow(pattern: RegExp): void;
}

/** Opens a URL of a started console in a window of its own, which is closed with the test. */
export async function openPage(
  t: Ends,
  browser: Browser,
  url: string,
  { width = 1280, scheme = 'light' }: Look = {},
): Promise<Opened> {
  const context = await browser.newContext({
    viewport: sizeOf(width),
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: 'Europe/Berlin',
  });
  // Playwright's own half a minute is short on a busy machine
  context.setDefaultTimeout(PATIENT_MS);
  const faults: string[] = [];
  const page = await context.newPage();
  watch(page, faults);
  closeFirst(t, () => context.close());
  const allowed: RegExp[] = [];
  t.after(() => {
    const left = faults.filter((it) => !allowed.some((pattern) => pattern.test(it)));
    assert.deepEqual(left, [], 'the page has faults');
  });
  await page.goto(url);
  return { page, context, faults, allow: (pattern) => void allowed.push(pattern) };
}

/** Goes to a screen, such as `schedules`, once the page is signed in. */
export async function goTo(page: Page, { server }: Console, screen: string) {
  await page
    .getByText(/^key "/)
    .first()
    .waitFor({ state: 'attached' });
  await page.goto(`${server.url}/console/${screen}`);
}

/**
 * Waits until an expression is true on the page. Playwright's `waitForFunction` evaluates it inside of the
 * page again and again, which the page's policy refuses.
 */
export const untilOn = (page: Page, expression: string) =>
  until(() => page.evaluate<boolean>(expression), 50);

/** What a page says of calls while its server ends: the last answers of that may be refusals. */
export const DYING = /ERR_|status of 50\d/;

/** Waits for the heading of a screen, and until nothing of it is loading any more. */
export async function shown(page: Page) {
  await page.locator('h1').first().waitFor({ state: 'attached' });
  await untilOn(
    page,
    `!document.querySelector('main [aria-busy=true]') &&
      !document.querySelector('main').innerText.includes('Loading…')`,
  );
}

/** Collects what a page does wrong. Chromium reports violations of the policy as errors of its console. */
export function watch(page: Page, faults: string[]) {
  page.on('console', (it) => {
    if (it.type() === 'error' || it.type() === 'warning') faults.push(`${it.type()}: ${it.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Axe looks at a page for a while: its rules run one after the other, each in a task of its own. */
const RUN_AXE = `(async () => {
  let hasChanged = false;
  const watcher = new MutationObserver(() => { hasChanged = true; });
  const all = { subtree: true, childList: true, attributes: true, characterData: true };
  watcher.observe(document, all);
  const { violations } = await axe.run();
  hasChanged ||= watcher.takeRecords().length > 0;
  watcher.disconnect();
  return { violations, hasChanged };
})()`;

/** The violations that axe finds on a screen, once that is there, as `rule: element`. */
export async function axeViolations(page: Page): Promise<string[]> {
  await shown(page);
  // evaluated, and not as an element: the page's policy would refuse it
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(readFileSync(axe, 'utf8'));
  for (const end = performance.now() + PATIENT_MS; ; ) {
    const { violations, hasChanged } = await page.evaluate<Judged>(RUN_AXE);
    // halves of two states, such as a reference to what was drawn anew meanwhile, prove nothing
    if (violations.length > 0 && hasChanged && performance.now() < end) continue;
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`,
      ),
    );
  }
}

/** Sets the page to each look in turn, and to its first width again at the end. */
export async function inAllLooks(
  page: Page,
  check: (look: Required<Look>) => Promise<void>,
  some = looks,
) {
  const before = page.viewportSize()!;
  for (const look of some) {
    await page.setViewportSize(sizeOf(look.width));
    await page.emulateMedia({ colorScheme: look.scheme });
    await check(look);
  }
  await page.setViewportSize(before);
}

/** In all looks axe finds nothing, and nothing is wider than the window. */
export const assertLooksWell = (page: Page, some = looks) =>
  inAllLooks(
    page,
    async ({ width, scheme }) => {
      assert.deepEqual(await axeViolations(page), [], `${width} px, ${scheme}`);
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      assert.ok(wide <= width, `at ${width} px the page is ${wide} px wide`);
    },
    some,
  );

interface Judged {
  violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[];
  /** whether the page was changed while axe looked at it */
  hasChanged: boolean;
}
