/** report: what became of a campaign, as data and in the form teams post to chat. */

import type { Failure, Ports } from '../ports.ts';
import { shortToken } from '../redact.ts';
import { audienceText } from './audience/audience-text.ts';
import { type Campaign, type Counts, ledgerCloses, toOf } from './campaign.ts';

/** Failures looked through for examples, and shown of each reason. */
const LOOKED_THROUGH = 100;
const EXAMPLES = 2;

export interface Report {
  campaign: Campaign;
  counts: Counts;
  /** recipients that are not in a final place yet */
  pending: number;
  /** from acceptance to the close, or to now */
  seconds: number;
  /** accepted by the providers per second, from the first push to the close */
  perSecond: number;
  /** the most frequent first */
  reasons: { reason: string; count: number }[];
  /** whose tokens were forgotten, in the same order */
  pruned: { reason: string; count: number }[];
  /** a few of each reason */
  examples: Failure[];
  ledgerClosed: boolean;
}

export async function report({ store, now }: Ports, id: string): Promise<Report | null> {
  const campaign = await store.getCampaign(id);
  if (!campaign) return null;
  const counts = await store.counts(id);
  const failures = await store.listFailures(id, null, LOOKED_THROUGH);
  const end = campaign.closedAt ?? now();
  const sendingMs = end - (campaign.firstPushAt ?? end);
  return {
    campaign,
    counts,
    pending: counts.recipients - counts.accepted - counts.failed - counts.skipped,
    seconds: (end - campaign.createdAt) / 1000,
    perSecond: sendingMs > 0 ? Math.round(counts.accepted / (sendingMs / 1000)) : counts.accepted,
    reasons: byCount(counts.reasons),
    pruned: byCount(counts.pruned ?? {}),
    examples: [...Map.groupBy(failures.items, (it) => it.reason).values()].flatMap((those) =>
      those.slice(0, EXAMPLES),
    ),
    ledgerClosed: campaign.closedAt !== null && ledgerCloses(counts),
  };
}

const byCount = (reasons: Record<string, number>) =>
  Object.entries(reasons)
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));

const count = (it: number) => it.toLocaleString('en-US');
const MAX_REASONS = 8;

const recipientsOf = ({ campaign: { state }, counts: { recipients } }: Report) =>
  state === 'completed' && recipients === 0 ? '0: nobody is in this audience' : count(recipients);

function stateOf({ state, reason, schedule }: Campaign): string {
  if (state === 'scheduled' && schedule) return `${state}: ${new Date(schedule.at).toISOString()}`;
  return reason ? `${state}: ${reason}` : state;
}

/** Label and value, as a report shows them, whatever its form. */
export function reportLines(it: Report): [label: string, value: string][] {
  const { campaign, counts } = it;
  const lines: [string, string][] = [
    ['Campaign', `${campaign.name} (${campaign.id})`],
    ...(campaign.test ? ([['Test', 'to the people named']] as [string, string][]) : []),
    ['Title', campaign.message.title ?? '-'],
    ['Audience', audienceText(campaign.audience)],
    ['State', stateOf(campaign)],
    [toOf(campaign) === 'token' ? 'Installations' : 'Messages', recipientsOf(it)],
    ['Delivered', count(counts.accepted)],
    ['Failed', count(counts.failed)],
  ];
  if (counts.skipped > 0) lines.push(['Skipped', count(counts.skipped)]);
  if (it.pruned.length > 0)
    lines.push([
      'Pruned',
      it.pruned.map(({ reason, count: of }) => `${count(of)} ${reason}`).join(', '),
    ]);
  const missing = Object.entries(counts.missing ?? {});
  if (missing.length > 0)
    lines.push(['No value for', missing.map(([name, of]) => `${name} ${count(of)}`).join(', ')]);
  if (it.pending > 0) lines.push(['Pending', count(it.pending)]);
  if (campaign.state !== 'scheduled')
    lines.push(['Duration', duration(it.seconds)], ['Rate', `${count(it.perSecond)} pushes/s`]);
  lines.push(['Ledger', it.ledgerClosed ? 'closed' : 'open']);
  return lines;
}

export const reasonLines = (it: Report, most = MAX_REASONS): string[] => [
  ...it.reasons.slice(0, most).map(({ reason, count: failed }) => `${count(failed)} ${reason}`),
  ...(it.reasons.length > most ? [`and ${it.reasons.length - most} more`] : []),
];

export function reportText(it: Report): string {
  const lines = reportLines(it);
  const width = Math.max(...lines.map(([label]) => label.length));
  let text = lines.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join('');
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

function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
