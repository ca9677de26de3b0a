/**
 * estimate: how many installations a campaign would reach, how long that would take, and what is wrong
 * with it, before anything is sent. A small audience is counted whole. Of a large one a share of the
 * buckets is counted, which is a fair sample since buckets are uniform; of any, if it must be quick, a few
 * thousand installations.
 */

import { offsetAt } from '../../lib/wall-clock.ts';
import type { Cap } from '../../model/app-policy.ts';
import { type Campaign, type CampaignRequest, toOf } from '../../model/campaign.ts';
import { campaignUsd, capsUsd, USUAL } from '../../model/cost/estimate.ts';
import { platforms } from '../../model/platform.ts';
import { descriptionOf, type Provider, providerOfTarget } from '../../model/provider/registry.ts';
import { beginOf } from '../../model/timing.ts';
import type { Timing } from '../../model/waves.ts';
import type { Ports } from '../../ports/ports.ts';
import { draft } from '../accept/accept.ts';
import { appPolicy } from '../app-policy.ts';
import { capsNow } from '../plan/caps.ts';
import { isList, timingOf } from '../plan/timing.ts';
import { canaryWarning, type EstimatedCanary, estimatedCanary } from './canary.ts';
import { type Counting, createCounting, type EstimateProblem, notCarried } from './counting.ts';
import { countSample, countShare, type Reach } from './reach.ts';
import {
  type EstimatedWave,
  estimatedWaves,
  heldIn,
  secondsOfWaves,
  waveWarnings,
} from './waves.ts';

export const MAX_LANGUAGES = 50;

interface Estimate extends Omit<Reach, 'about'> {
  installations: number;
  /** the numbers are extrapolated from these if they are not exact */
  counted: number;
  platforms: Record<string, number>;
  providers: Record<string, number>;
  /** by language tag, the most frequent first; '' stands for no language */
  languages: Record<string, number>;
  /** by permission; 'unknown' if it was not told */
  permissions: Record<string, number>;
  /** all but those whose devices let the app show nothing */
  visible: number;
  /** when they are sent to, if that depends on their time zones; [] if it does not */
  waves: EstimatedWave[];
  /** those that wait for the end of quiet hours, and until when (ms) the last of them do; null: none do */
  held: { installations: number; until: number } | null;
  /** null: it has none */
  canary: EstimatedCanary | null;
  /** from the beginning on, which of waves is the first one, if nothing else is being sent */
  seconds: number;
  /** those that hold for it: devices over one are among the installations, and will be skipped */
  caps: Cap[];
  /** about what it costs on Google Cloud, at list prices */
  costUsd: number;
  problems: EstimateProblem[];
}

/**
 * Estimates a request that its schema has checked. Faults with which `accept` would refuse it are among
 * the problems. Takes about 10 s at most, then a share of the audience is counted; `isQuick`: a fraction
 * of a second, whatever the audience is. Throws when the store fails.
 */
export async function estimate(
  ports: Ports,
  request: CampaignRequest,
  isQuick = false,
): Promise<Estimate> {
  const { campaign, faults } = await draft(ports, request);
  const to = toOf(campaign);
  const known = to === 'token' ? null : providerOfTarget(to);
  if (known)
    faults.push({
      path: `audience.${to}`,
      message: `${descriptionOf(known).title} knows who that is: they cannot be counted`,
    });
  const timing = await timingOf(ports, campaign, Math.max(ports.now(), beginOf(campaign)));
  const counting = createCounting(ports, campaign, timing !== null);
  // a faulty audience cannot be counted; other faults are told beside the counts
  const countable = !faults.some(({ path }) => path.startsWith('audience'));
  const count = isQuick ? countSample : countShare;
  const reach = countable ? await count(ports, campaign, counting) : NONE;
  const { about: installations, interval, exact, asOf } = reach;
  const times = installations / Math.max(1, counting.counted);
  const whole = (counted: number) => Math.round(counted * times);
  const problems = faults.map(({ path, message }): EstimateProblem => {
    const text = path ? `${path}: ${message}` : message;
    return { severity: 'error', kind: 'fault', message: text, installations, examples: [] };
  });
  const warn = (kind: EstimateProblem['kind'], message: string) =>
    problems.push({ severity: 'warning', kind, message, installations: 0, examples: [] });
  if (known)
    for (const platform of platforms)
      for (const message of notCarried(ports.senders, campaign, known, platform))
        warn('not-carried', message);
  const caps = await capsNow(ports, campaign);
  if (known && (await appPolicy(ports, request.app)).caps.length > 0)
    warn('not-capped', NOT_CAPPED);
  if (countable && counting.counted === 0) warn('nobody', noMatch(reach));
  for (const { counted, ...rest } of counting.problems())
    problems.push({ ...rest, installations: whole(counted) });
  const providers = byCount(counting.providers, whole);
  const languages = Object.entries(byCount(counting.languages, whole));
  const permissions = byCount(counting.permissions, whole);
  const secondsOf = (some: number) => secondsFor(request, providers, installations, some);
  const timed = timing && wavesIn(ports, { campaign, timing, counting, whole, secondsOf });
  // the recipients of a list are not read in waves
  const inWaves = isList(campaign) ? [] : (timed?.waves ?? []);
  const canary = known ? null : estimatedCanary(request, installations, inWaves);
  const small = countable && installations > 0 ? canaryWarning(canary) : null;
  for (const it of [...(timed?.warnings ?? []), ...(small ? [small] : [])])
    problems.push({ severity: 'warning', examples: [], ...it });
  return {
    installations,
    exact,
    interval,
    asOf,
    counted: counting.counted,
    platforms: byCount(counting.platforms, whole),
    providers,
    languages: Object.fromEntries(languages.slice(0, MAX_LANGUAGES)),
    permissions,
    visible: installations - (permissions.denied ?? 0),
    waves: timed?.waves ?? [],
    held: timed && heldIn(timed.waves),
    canary,
    seconds: timed?.seconds ?? secondsOf(installations),
    caps,
    costUsd: usdFor(installations, providers, caps, timed?.reads ?? 1),
    problems,
  };
}

interface TimedCount {
  campaign: Campaign;
  timing: Timing;
  counting: Counting;
  whole(counted: number): number;
  secondsOf(installations: number): number;
}

/** The waves of those that were counted. `reads`: how often the audience is read for them. */
function wavesIn(
  { offsetAt: offset = offsetAt }: Pick<Ports, 'offsetAt'>,
  { campaign, timing, counting, whole, secondsOf }: TimedCount,
) {
  // a topic has no devices that are counted, and waits as one in the default zone does
  const zones = toOf(campaign) === 'token' ? counting.zones : new Map([['', 0]]);
  const counted = { timing, zones, offset, whole, secondsOf };
  const waves = estimatedWaves(counted);
  return {
    waves,
    seconds: secondsOfWaves(waves, counted),
    reads: isList(campaign) ? 1 : Math.max(1, waves.length),
    warnings: waveWarnings(counted, waves),
  };
}

const NOT_CAPPED =
  'the caps of the app do not hold for it: only FCM knows which devices get it, and none of them has it ' +
  'counted';

const usdFor = (
  installations: number,
  providers: Record<string, number>,
  caps: Cap[],
  waves: number,
) =>
  installations === 0
    ? 0
    : campaignUsd(installations, USUAL.failing, providers, waves) +
      (caps.length > 0 ? capsUsd(installations) : 0);

/** Of a target that cannot be counted. */
const NONE: Reach = { about: 0, interval: { low: 0, high: 0 }, exact: true, asOf: null };

const noMatch = ({ exact, interval }: Reach) =>
  exact || interval.high === 0
    ? 'the audience matches no installation'
    : `the audience matches no installation of the sample: it has at most about ${interval.high}`;

/** Counts extrapolated to the whole audience, the largest first. */
export const byCount = (counts: ReadonlyMap<string, number>, whole: (counted: number) => number) =>
  Object.fromEntries(
    Array.from(counts, ([name, counted]): [string, number] => [name, whole(counted)]).sort(
      (a, b) => b[1] - a[1],
    ),
  );

/** Seconds that sending to `some` of them takes: as long as the slowest provider, or the campaign's own rate. */
function secondsFor(
  { rate }: CampaignRequest,
  providers: Record<string, number>,
  installations: number,
  some: number,
): number {
  const share = some / Math.max(1, installations);
  const byProvider = Object.entries(providers).map(
    ([name, count]) => (count * share) / descriptionOf(name as Provider).perSecond,
  );
  const paced = rate ? (some / rate.perMinute) * 60 : 0;
  return Math.ceil(Math.max(paced, ...byProvider, 0));
}
