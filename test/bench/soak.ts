/**
 * Campaign after campaign to the same installations while both providers change their faults every
 * second and the worker is killed now and then. In the end our ledger must say what the wire says.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { Refused } from '../../functions/cli/client/errors.ts';
import type { FailureView } from '../../functions/http/campaigns/report-view.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { isClosed } from '../../functions/model/campaign.ts';
import { startWorld, type World } from '../world/world.ts';
import { progress, request } from './campaign.ts';
import { createFaults } from './soak-faults.ts';
import { type GoogleSoak, soakGoogle } from './soak-google.ts';

export interface SoakResult {
  minutes: number;
  campaigns: number;
  recipients: number;
  accepted: number;
  failed: number;
  skipped: number;
  /** accepted by us, never seen by a provider; of each campaign */
  lost: number;
  /** pushes a provider accepted beyond the first of a device and campaign */
  duplicates: number;
  /** of these, in campaigns in which every push had an answer and no worker died */
  unexplained: number;
  kills: number;
  /** of the worker's clock */
  jumps: number;
  ledgerClosed: boolean;
  /** of the Google engine; null where its emulators are not installed */
  google: GoogleSoak | null;
}

const INSTALLATIONS = 20_000;
/** The share of the time. */
const GOOGLE_SHARE = 0.25;
const TICK_MS = 1_000;
/** Without faults everything closes by then: backoff is at most 10 minutes, a lease half a minute. */
const CLOSING_MS = 12 * 60 * 1000;
const RETRY_MS = 100;
const OF_THE_FUTURE = 'InvalidProviderToken';
/** A clock that is an hour ahead for so long. */
const [HOUR_MS, JUMP_MS] = [60 * 60 * 1000, 1_500];

export async function soak({
  minutes,
  seed,
}: {
  minutes: number;
  seed: number;
}): Promise<SoakResult> {
  const random = mulberry32(seed);
  const google = await soakGoogle(random, minutes * 60 * 1000 * GOOGLE_SHARE);
  const world = await startWorld({ installations: INSTALLATIONS, progress });
  const sum: SoakResult = {
    minutes,
    campaigns: 0,
    recipients: 0,
    accepted: 0,
    failed: 0,
    skipped: 0,
    lost: google?.lost ?? 0,
    duplicates: 0,
    unexplained: 0,
    kills: 0,
    jumps: 0,
    ledgerClosed: google?.ledgerClosed ?? true,
    google,
  };
  const started = Date.now();
  const end = started + minutes * 60 * 1000 * (1 - GOOGLE_SHARE);
  let giveUpAt = end + CLOSING_MS;
  const late = () => Date.now() > giveUpAt;
  /** what the campaign under way has met */
  let doubts = false;
  let now: CampaignView | null = null;
  const faults = createFaults(random);

  async function unkind() {
    while (Date.now() < end) {
      const { settings, words, doubtful, kill, jump } = faults.next();
      doubts ||= doubtful || kill;
      await world.set(settings);
      if (kill) {
        sum.kills += 1;
        await world.kill();
        await world.start();
      }
      if (jump) {
        sum.jumps += 1;
        world.jump(HOUR_MS, JUMP_MS);
      }
      const { recipients = 0, accepted = 0, failed = 0 } = now?.counts ?? {};
      const seconds = String(Math.round((Date.now() - started) / 1000)).padStart(4);
      progress(
        `${seconds} s  campaign ${sum.campaigns + 1}  accepted ${accepted} of ${recipients}` +
          `  failed ${failed}  kills ${sum.kills}  ${kill ? 'killed ' : ''}${jump ? 'an hour ahead ' : ''}${words}`,
      );
      await wait(TICK_MS);
    }
    await world.set(faults.none);
    progress('all faults are off');
  }

  async function campaigns() {
    while (Date.now() < end) {
      await world.reset();
      // what is switched on already counts for this campaign as well
      doubts = faults.doubtful();
      const done = await follow(
        world,
        sum.campaigns,
        late,
        () => sum.jumps > 0,
        (view) => {
          now = view;
        },
      );
      const { recipients, accepted, failed, skipped } = done.counts;
      const wire = await world.wire();
      const lost = accepted - (wire.distinct - (await reachedYetFailed(world, done.id)));
      const closed =
        done.state === 'completed' &&
        recipients === INSTALLATIONS &&
        recipients === accepted + failed + skipped;
      sum.campaigns += 1;
      sum.recipients += recipients;
      sum.accepted += accepted;
      sum.failed += failed;
      sum.skipped += skipped;
      sum.lost += Math.max(0, lost);
      sum.duplicates += wire.duplicates;
      if (!doubts) sum.unexplained += wire.duplicates;
      sum.ledgerClosed &&= closed;
      if (!closed || lost > 0 || (!doubts && wire.duplicates > 0))
        progress(`campaign ${sum.campaigns}: ${JSON.stringify({ done, wire, lost, doubts })}`);
    }
  }

  try {
    await Promise.all([unkind(), campaigns()]);
    return sum;
  } finally {
    // when one of the two has failed, the other must not go on
    giveUpAt = 0;
    await world.close();
  }
}

/** Accepts a campaign and waits until it is closed, through whatever workers there are meanwhile. */
async function follow(
  world: World,
  n: number,
  late: () => boolean,
  jumped: () => boolean,
  seen: (it: CampaignView) => void,
) {
  const key = { 'Idempotency-Key': `soak-${n}` };
  let id: string | null = null;
  for (;;) {
    try {
      const client = world.client();
      const view: CampaignView = id
        ? await client.get<CampaignView>(`/v1/campaigns/${id}`)
        : await client.post<CampaignView>('/v1/campaigns', request, key);
      id = view.id;
      seen(view);
      // a provider rightly refuses a token that is of an hour from now; the bench resumes then
      const isOfJump = view.state === 'paused' && jumped() && view.reason === OF_THE_FUTURE;
      if (isOfJump) await client.post(`/v1/campaigns/${id}/resume`);
      // a campaign that is paused else, or late, is a finding, told by a ledger that is open
      else if (isClosed(view.state) || view.state === 'paused' || late()) return view;
    } catch (error) {
      // between two workers there is no answer
      if (error instanceof Refused || late()) throw error;
    }
    await wait(RETRY_MS);
  }
}

/** Recorded as failed, though a provider had accepted the push: its answers were lost, twice. */
async function reachedYetFailed(world: World, id: string): Promise<number> {
  let reached = 0;
  const reasons = new Map<string, number>();
  let after: string | null = null;
  do {
    const query: string = after ? `&after=${encodeURIComponent(after)}` : '';
    const path = `/v1/campaigns/${id}/failures?limit=1000${query}`;
    const page: { items: FailureView[]; next: string | null } = await patiently(() =>
      world.client().get(path),
    );
    const counted = await Promise.all(page.items.map((it) => world.countOf(it.token)));
    reached += counted.filter((count) => count > 0).length;
    for (const it of page.items) {
      const words = `${it.outcome}: ${it.reason}`;
      reasons.set(words, (reasons.get(words) ?? 0) + 1);
    }
    after = page.next;
  } while (after !== null);
  if (reasons.size > 0) progress(`failed ${JSON.stringify(Object.fromEntries(reasons))}`);
  return reached;
}

/** A worker is back within seconds. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Refused || tries >= 100) throw error;
      await wait(RETRY_MS);
    }
  }
}

/** https://gist.github.com/tommyettinger/46a874533244883189143505d203312c: seeded, in [0, 1). */
function mulberry32(seed: number) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let it = Math.imul(state ^ (state >>> 15), state | 1);
    it ^= it + Math.imul(it ^ (it >>> 7), it | 61);
    return ((it ^ (it >>> 14)) >>> 0) / 2 ** 32;
  };
}
