/** Debian's chromium (the package `chromium`), driven by playwright-core. */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

function pathOf(): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const name of NAMES)
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // look on
      }
  return null;
}

/** For the options of a test or a suite: why it is skipped, or false. */
export const withoutBrowser = (): string | false =>
  pathOf() === null &&
  !process.env.REQUIRE_BROWSER &&
  'chromium is not installed (REQUIRE_BROWSER=1 makes this a failure)';

/**
 * Features that are switched off. Popups of the address bar, which is never seen here, each take a
 * renderer for every page: a third of the time of a test. The switch replaces Playwright's own list, so
 * what that says of pages is repeated.
 */
const OFF = [
  ...['WebUIOmniboxPopup', 'WebUIOmniboxFullPopup', 'WebUIOmniboxAimPopup'],
  ...['HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable', 'PaintHolding'],
  ...['ThirdPartyStoragePartitioning', 'AvoidUnnecessaryBeforeUnloadCheckSync'],
  ...['AvoidCorsURLLoaderRestartOnRedirect', 'DestroyProfileOnBrowserClose'],
  ...['LensOverlay', 'MediaRouter', 'AimEnabled'],
  ...['OptimizationHints', 'NetworkTimeServiceQuerying', 'PreconnectToSearch'],
];

/** One process for all tests of a file. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = pathOf();
  if (executablePath === null) throw new Error('chromium is not installed, and is required');
  const isRoot = process.getuid?.() === 0;
  const args = [`--disable-features=${OFF}`, ...(isRoot ? ['--no-sandbox'] : [])];
  return chromium.launch({ executablePath, args });
}
