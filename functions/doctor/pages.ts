/** The check of the registry's pages: how many there are, and how old they are. */

import { well } from '../model/verdict.ts';
import type { PagesState, Store } from '../ports/ports.ts';
import type { Check } from './check.ts';

const HOUR_MS = 60 * 60 * 1000;

/** Pages are only a cache, so nothing of them is a fault. */
export const pagesCheck = (
  store: Pick<Store, 'pagesState'>,
  now: () => number = Date.now,
): Check => ({
  name: 'pages of the registry',
  async run() {
    const apps = await store.pagesState();
    if (apps.length === 0)
      return well('none yet: the first campaign to 20,000 installations or more plans them');
    return well(apps.map((it) => textOf(it, now())).join('; '));
  },
});

function textOf({ app, pages, of, builtFrom, oldest, installations }: PagesState, now: number) {
  const what = `${app}: ${pages} of ${of}`;
  if (now < builtFrom) return `${what}, built from ${new Date(builtFrom).toISOString()} on`;
  if (oldest === null || installations === null) return `${what}, built by the next campaign`;
  const hours = Math.max(0, Math.round((now - oldest) / HOUR_MS));
  const age = hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
  return `${what}, about ${installations.toLocaleString('en-US')} installations, up to ${age} old`;
}
