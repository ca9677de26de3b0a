/** Checks that both engines share: the store, the tick, the clock. */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { installation } from '../model/installation.ts';
import { fault, unknown, well } from '../model/verdict.ts';
import type { Store } from '../ports/ports.ts';
import type { Check } from './check.ts';

/** No check refuses an app with this name, but a real app is unlikely to have it. */
const APP = 'volley-doctor';

/** Writes an installation of an app that does not exist, reads it and deletes it. */
export const storeCheck = (store: Store, now: () => number = Date.now): Check => ({
  name: 'the database reads and writes',
  async run() {
    const id = randomUUID();
    const registration = {
      app: APP,
      platform: 'android' as const,
      environment: 'production' as const,
      token: `doctor-${id}`,
      tags: [],
      attributes: {},
    };
    await store.putInstallations([installation(id, registration, now())]);
    const found = await store.getInstallation(APP, id);
    const gone = await store.deleteInstallation(APP, id);
    return found !== null && gone
      ? well('written, read, deleted')
      : fault('the written document was not found', 'Read the log of the database.');
  },
});

/** ms: five calls of Cloud Scheduler, since a tick that finds much lost work takes that long. */
const MAX_TICK_AGE_MS = 5 * 60 * 1000;
/** ms by which the clock that noted the tick may be ahead of ours. */
const MAX_AHEAD_MS = 60 * 1000;
/** ms in which a server that has just started has its first tick. */
const FIRST_TICK_MS = 3_000;
const POLL_MS = 100;

/** Checks that the tick runs, which starts schedules and finds lost work. `next`: what to do if not. */
export const tickCheck = (
  store: Pick<Store, 'lastTick'>,
  next: string,
  {
    now = Date.now,
    monotonic = () => performance.now(),
    waitMs = FIRST_TICK_MS,
  }: { now?: () => number; monotonic?: () => number; waitMs?: number } = {},
): Check => ({
  name: 'the tick runs',
  async run(signal) {
    const end = monotonic() + waitMs;
    for (;;) {
      const at = await store.lastTick();
      const age = at === null ? Number.POSITIVE_INFINITY : now() - at;
      if (age < -MAX_AHEAD_MS)
        return unknown(
          `it was last completed ${ago(-age).replace(' ago', '')} from now: a clock was, or is, wrong`,
          `Compare the clocks; the check works again when that time has passed. ${next}`,
        );
      if (age <= MAX_TICK_AGE_MS) return well(`last ${ago(Math.max(0, age))}`);
      if (monotonic() >= end)
        return at === null
          ? fault(
              'it was never completed',
              `A new deployment completes it within two minutes. ${next}`,
            )
          : fault(`it was last completed ${ago(age)}`, next);
      await wait(POLL_MS, null, { signal });
    }
  },
});

function ago(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `${Math.round(ms / 1000)} s ago`;
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

/** ms that the clock may be wrong. */
const MAX_SKEW_MS = 30 * 1000;

/**
 * Checks this machine's clock: tokens contain the time, and those with a wrong time are refused. `url` is
 * a server whose header `Date` gives the right time.
 */
export const clockCheck = (url: string, now: () => number = Date.now): Check => ({
  name: 'the clock is right',
  async run(signal) {
    const asked = now();
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    const there = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(there)) return unknown(`${url} sends no time`, 'Compare the clock by hand.');
    // the header has whole seconds, so half a second is added
    const skew = Math.round((asked + now()) / 2 - there - 500);
    const text = `${Math.abs(skew / 1000).toFixed(1)} s ${skew > 0 ? 'ahead' : 'behind'}`;
    return Math.abs(skew) <= MAX_SKEW_MS
      ? well(`at most ${text}`)
      : fault(
          `it is ${text}`,
          'Set the machine’s clock by NTP. Until then its tokens are refused.',
        );
  },
});
