/** report: the result of a campaign, as data and as the text that teams post to chat. */

import { shortToken } from '../lib/redact.ts';
import { audienceText } from '../model/audience/audience-text.ts';
import { type Campaign, type Counts, ledgerCloses, toOf } from '../model/campaign.ts';
import type { Failure } from '../model/chunk.ts';
import { type Explained, explainedName, explainedReason } from '../model/provider/explained.ts';
import { descriptionOf, providerOfTarget, providers } from '../model/provider/registry.ts';
import { unreadOf } from '../model/unread.ts';
import type { Ports } from '../ports/ports.ts';
import { type CanaryResult, canaryResult } from './canary.ts';
import { costOf } from './costs.ts';
import { type ReceiptSummary, receiptSummary } from './receipt-report.ts';
import { talliedOf, type WaveProgress } from './waves.ts';

/** Failures read to find examples, and examples shown of each reason. */
const LOOKED_THROUGH = 100;
const EXAMPLES = 2;

export interface Report {
  campaign: Campaign;
  counts: Counts;
  /** [] if all are sent to immediately */
  waves: WaveProgress[];
  /** null: it has no canary, or it has not begun */
  canary: CanaryResult | null;
  /** recipients without a final outcome yet */
  pending: number;
  /** from the acceptance, or the scheduled time, to the close or to now; null: it never began */
  seconds: number | null;
  /**
   * pushes that the providers accepted per second, from the first push to the close or to now; null:
   * fewer than two were accepted, or no time has passed
   */
  perSecond: number | null;
  /** the most frequent first; `explained` is null for a reason that is new to us */
  reasons: { reason: string; count: number; explained: Explained | null }[];
  /** recipients whose tokens were forgotten, by reason, the most frequent first */
  pruned: { reason: string; count: number }[];
  /** a few of each reason */
  examples: Failure[];
  /** installations that planning counted and did not read; 0 unless they are visibly many */
  unread: number;
  ledgerClosed: boolean;
  /** what devices reported; null if its pushes ask for nothing */
  receipts: ReceiptSummary | null;
  /** about what it costs on Google Cloud, at list prices */
  costUsd: number;
}

/** Reads the report of a campaign; null: there is no such campaign. Throws when the store fails. */
export async function report({ store, now }: Ports, id: string): Promise<Report | null> {
  const campaign = await store.getCampaign(id);
  if (!campaign) return null;
  const { counts, waves } = await talliedOf(store, campaign);
  const failures = await store.listFailures(id, null, LOOKED_THROUGH);
  const { createdAt, schedule, firstPushAt, closedAt } = campaign;
  const end = closedAt ?? now();
  const begin = Math.max(createdAt, schedule?.at ?? createdAt);
  return {
    campaign,
    counts,
    waves,
    canary: await canaryResult(store, campaign),
    pending: counts.recipients - counts.accepted - counts.failed - counts.skipped,
    // a campaign without shards never began: it waits for its time, or was cancelled before
    seconds: campaign.shards > 0 ? Math.max(0, end - begin) / 1000 : null,
    perSecond: rateOf(counts.accepted, end - (firstPushAt ?? end)),
    reasons: byCount(counts.reasons).map((it) => ({
      ...it,
      explained: explainedIn(failures.items, it.reason),
    })),
    pruned: byCount(counts.pruned ?? {}),
    examples: [...Map.groupBy(failures.items, (it) => it.reason).values()].flatMap((those) =>
      those.slice(0, EXAMPLES),
    ),
    unread: unreadOf(campaign, counts),
    receipts: await receiptSummary({ store }, campaign, counts),
    ledgerClosed: campaign.closedAt !== null && ledgerCloses(counts),
    costUsd: costOf(campaign, counts),
  };
}

/** By a failure with that reason, which names its provider too; else by the name alone. */
function explainedIn(failures: Failure[], reason: string): Explained | null {
  const example = failures.find((it) => it.reason === reason);
  return example ? explainedReason(example) : explainedName(reason);
}

/** Pushes per second, with at least two significant digits, so that a slow campaign does not show 0. */
function rateOf(accepted: number, ms: number): number | null {
  if (accepted < 2 || ms <= 0) return null;
  const rate = accepted / (ms / 1000);
  return rate < 10 ? Number(rate.toPrecision(2)) : Math.round(rate);
}

const byCount = (reasons: Record<string, number>) =>
  Object.entries(reasons)
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));

const count = (it: number) => it.toLocaleString('en-US');
const MAX_REASONS = 8;

const recipientsOf = ({ campaign: { state }, counts: { recipients } }: Report) =>
  state === 'completed' && recipients === 0
    ? '0: no device is in this audience'
    : count(recipients);

function stateOf({ state, reason, schedule }: Campaign): string {
  if (state === 'scheduled' && schedule)
    return schedule.local === undefined
      ? `${state}: ${new Date(schedule.at).toISOString()}`
      : `${state}: ${schedule.local.replace('T', ' ')} local time, from ${minuteOf(schedule.at)}`;
  return reason ? `${state}: ${reason}` : state;
}

/** Providers accept a push; they do not say whether a device shows it. */
function acceptedOf({ campaign, counts: { accepted } }: Report): string {
  if (accepted === 0) return '0';
  const by = `${count(accepted)} by ${acceptedBy(campaign)}`;
  return campaign.dryRun ? `${by}, in a dry run: nothing was sent` : by;
}

/** "APNs and FCM": those that accepted a push; where that is not noted, those that could. */
function acceptedBy({ trials = {}, dryRun, ...campaign }: Campaign): string {
  const to = toOf(campaign);
  const noted = providers.filter((it) => trials[it] && 'acceptedAt' in trials[it]);
  const able = providers.filter(
    (it) =>
      (!dryRun || descriptionOf(it).canDryRun) && (to === 'token' || providerOfTarget(to) === it),
  );
  const titles = (noted.length > 0 ? noted : able).map((it) => descriptionOf(it).title);
  return new Intl.ListFormat('en').format(titles);
}

/** "1,204 (capped)": all of them; "1,204: 800 capped": the others by a cancellation, or a dry run. */
function skippedOf({ skipped, skippedBy }: Counts): string {
  if (!skippedBy) return count(skipped);
  const why = Object.entries(skippedBy);
  const [only] = why;
  if (why.length === 1 && only![1] === skipped) return `${count(skipped)} (${only![0]})`;
  return `${count(skipped)}: ${why.map(([name, n]) => `${count(n)} ${name}`).join(', ')}`;
}

const minuteOf = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** "1,204 until 2030-12-24 08:00 UTC". */
const heldOf = ({ held, heldUntil }: Counts) =>
  held ? `${count(held)} until ${minuteOf(heldUntil!)}, when quiet hours end` : null;

/** "3 of 24 done; the next at 2030-12-24 08:00 UTC". */
function wavesOf(waves: WaveProgress[]): string | null {
  // that of movers waits for all others
  const timed = waves.filter((it) => it.zones !== 'movers');
  if (timed.length === 0) return null;
  const done = timed.filter((it) => it.state === 'done').length;
  const next = timed.find((it) => it.state === 'waiting');
  const when = next ? `; the next at ${minuteOf(next.at)}` : '';
  const cancelled = timed.filter((it) => it.state === 'cancelled').length;
  const rest = cancelled > 0 ? `; ${count(cancelled)} cancelled` : when;
  return `${done} of ${timed.length} done${rest}`;
}

const CANARY = {
  waiting: 'the rest waits for it',
  passed: 'passed',
  overruled: 'overruled by a resume',
  stopped: 'the rest was not sent',
} as const;

/** "45 of 50 accepted; passed" */
function canaryOf({ recipients, accepted, state, isSmall }: CanaryResult): string {
  const small = isSmall ? ': too few to say much' : '';
  return `${count(accepted)} of ${count(recipients)} accepted; ${CANARY[state]}${small}`;
}

/** The lines of a report, each a label and its value, for any form of output. */
export function reportLines(it: Report): [label: string, value: string][] {
  const { campaign, counts } = it;
  const lines: [string, string][] = [
    ['Campaign', `${campaign.name} (${campaign.id})`],
    ...(campaign.test ? ([['Test', 'to the people named']] as [string, string][]) : []),
    ['Title', campaign.message.title ?? '-'],
    ['Audience', audienceText(campaign.audience)],
    ['State', stateOf(campaign)],
    [toOf(campaign) === 'token' ? 'Installations' : 'Messages', recipientsOf(it)],
    ['Accepted', acceptedOf(it)],
    ['Failed', count(counts.failed)],
  ];
  const held = heldOf(counts);
  if (held) lines.push(['Held', held]);
  const waves = wavesOf(it.waves);
  if (waves) lines.push(['Waves', waves]);
  if (it.canary) lines.push(['Canary', canaryOf(it.canary)]);
  if (it.unread > 0)
    lines.push(['Not read', `${count(it.unread)}: planning counted ${count(campaign.expected!)}`]);
  if (counts.skipped > 0) lines.push(['Skipped', skippedOf(counts)]);
  if (it.pruned.length > 0)
    lines.push([
      'Pruned',
      it.pruned.map(({ reason, count: of }) => `${count(of)} ${reason}`).join(', '),
    ]);
  if (counts.denied)
    lines.push(['Can see it', `${count(counts.recipients - counts.denied)}: the others deny it`]);
  const missing = Object.entries(counts.missing ?? {});
  if (missing.length > 0)
    lines.push(['No value for', missing.map(([name, of]) => `${name} ${count(of)}`).join(', ')]);
  if (it.pending > 0) lines.push(['Pending', count(it.pending)]);
  if (it.seconds !== null) lines.push(['Duration', duration(it.seconds)]);
  if (it.perSecond !== null) lines.push(['Rate', `${count(it.perSecond)} pushes/s`]);
  lines.push(...receiptLines(it));
  lines.push(['Ledger', it.ledgerClosed ? 'closed' : 'open']);
  return lines;
}

/** What devices reported; nothing before the first report, since they come after the end. */
function receiptLines({ receipts, counts: { accepted } }: Report): [string, string][] {
  if (!receipts) return [];
  const { counts, estimated } = receipts;
  if (counts.opened + counts.delivered + counts.dismissed === 0) return [];
  const of = (it: number) =>
    accepted > 0 ? `${count(it)}, ${((100 * it) / accepted).toFixed(1)} % of accepted` : count(it);
  const delivered = estimated
    ? `about ${count(estimated.about)} (${count(estimated.low)} to ${count(estimated.high)})`
    : count(counts.delivered);
  return [
    ...(counts.delivered > 0 ? ([['Delivered', delivered]] as [string, string][]) : []),
    ['Opened', of(counts.opened)],
    ...(counts.dismissed > 0
      ? ([['Dismissed', count(counts.dismissed)]] as [string, string][])
      : []),
  ];
}

/** The `most` frequent reasons of failures, each with its count, and how many more there are. */
export const reasonLines = (it: Report, most = MAX_REASONS): string[] => [
  ...it.reasons.slice(0, most).map(({ reason, count: failed }) => `${count(failed)} ${reason}`),
  ...(it.reasons.length > most ? [`and ${it.reasons.length - most} more`] : []),
];

/** The report as plain text, in aligned columns. Tokens are shortened. */
export function reportText(it: Report): string {
  const lines = reportLines(it);
  const width = Math.max(...lines.map(([label]) => label.length));
  let text = lines.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join('');
  text += waveTable(it.waves);
  if (it.reasons.length > 0) text += '\nFailures by reason\n';
  for (const { reason, count: failed } of it.reasons.slice(0, MAX_REASONS)) {
    const tokens = it.examples.filter((failure) => failure.reason === reason);
    const shown = tokens.map((failure) => shortToken(failure.token)).join('  ');
    text += `  ${count(failed).padStart(9)}  ${reason.padEnd(24)} ${shown}`.trimEnd();
    text += '\n';
  }
  if (it.reasons.length > MAX_REASONS) text += `  and ${it.reasons.length - MAX_REASONS} more\n`;
  return text;
}

/** A line for each wave, of 80 columns at most. */
function waveTable(waves: WaveProgress[]): string {
  if (waves.length === 0) return '';
  const lines = waves.map((it) => {
    const { at, zones, isHeld, isLate, state } = it;
    const time = zones === 'movers' ? 'at the end' : minuteOf(at).slice(0, -' UTC'.length);
    const what = isLate ? 'late' : isHeld ? 'held' : '';
    const line = `  ${time.padEnd(16)}  ${state.padEnd(9)} ${manyOf(it).padStart(10)}  ${what.padEnd(4)}  ${zonesOf(zones)}`;
    return `${line.trimEnd()}\n`;
  });
  const about = waves.some(isExpected) ? '; ~: about so many, before they are read' : '';
  return `\nWaves (UTC), with their recipients${about}\n${lines.join('')}`;
}

/** Whether all that is known of its recipients is about how many they are. */
const isExpected = ({ state, size }: WaveProgress) => state === 'waiting' && size !== undefined;

/** "12,345", "~12,000" before they are read, "few" if none of the sample is among them. */
function manyOf(it: WaveProgress): string {
  if (!isExpected(it)) return count(it.counts.recipients);
  return it.size === 0 ? 'few' : `~${count(it.size!)}`;
}

/** The one with the shortest name, and how many more; a name of a zone has at most 32 characters. */
function zonesOf(zones: WaveProgress['zones']): string {
  if (zones === 'movers') return 'moved meanwhile';
  if ('except' in zones) return zones.except.length > 0 ? 'all other zones' : 'all zones';
  const [first, ...more] = zones.in.toSorted((a, b) => a.length - b.length);
  return more.length > 0 ? `${first}, ${more.length} more` : first!;
}

function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
