/**
 * estimate: how many installations a campaign would reach, how long that would take, and what is wrong
 * with it, before anything is sent. A small audience is counted whole. Of a large one a share of the
 * buckets is counted, which is a fair sample since buckets are uniform; of any, if it must be quick, a few
 * thousand installations.
 */

import type { Cap } from '../../model/app-policy.ts';
import { type CampaignRequest, toOf } from '../../model/campaign.ts';
import { campaignUsd, capsUsd, USUAL } from '../../model/cost/estimate.ts';
import { platforms } from '../../model/platform.ts';
import { descriptionOf, type Provider, providerOfTarget } from '../../model/provider/registry.ts';
import type { Ports } from '../../ports/ports.ts';
import { draft } from '../accept/accept.ts';
import { appPolicy } from '../app-policy.ts';
import { capsNow } from '../plan/caps.ts';
import { createCounting, type EstimateProblem, notCarried } from './counting.ts';
import { countSample, countShare, type Reach } from './reach.ts';

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
  /** from the acceptance on, if nothing else is being sent */
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
  const counting = createCounting(ports, campaign);
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
    seconds: secondsFor(request, providers, installations),
    caps,
    costUsd: usdFor(installations, providers, caps),
    problems,
  };
}

const NOT_CAPPED =
  'the caps of the app do not hold for it: only FCM knows which devices get it, and none of them has it ' +
  'counted';

const usdFor = (installations: number, providers: Record<string, number>, caps: Cap[]) =>
  installations === 0
    ? 0
    : campaignUsd(installations, USUAL.failing, providers) +
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

/** Seconds that sending takes: as long as the slowest provider, or the campaign's own rate. */
function secondsFor(
  { rate }: CampaignRequest,
  providers: Record<string, number>,
  installations: number,
): number {
  const byProvider = Object.entries(providers).map(
    ([name, count]) => count / descriptionOf(name as Provider).perSecond,
  );
  const paced = rate ? (installations / rate.perMinute) * 60 : 0;
  return Math.ceil(Math.max(paced, ...byProvider, 0));
}
