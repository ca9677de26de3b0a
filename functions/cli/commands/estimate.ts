/**
 * `volley estimate`: the reach, the problems and the cost of a campaign; or the cost of a number of
 * recipients.
 */

import { type Command, InvalidArgumentError } from 'commander';
import type { EstimateView } from '../../http/campaigns/estimate.ts';
import { estimate, totalUsd, USUAL } from '../../model/cost/estimate.ts';
import * as answers from '../answers.ts';
import { audienceOptions, campaignRequest, type SendOptions } from '../campaign-request.ts';
import type { Context } from '../context.ts';
import { estimateTable, money, receiptsText } from '../cost-table.ts';
import { clock, count, fold, minuteOf } from '../format.ts';
import { timeOptions } from '../times.ts';
import { percent, Usage } from '../usage.ts';
import { zonesText } from '../waves.ts';

/** Languages shown; the others are in --json. */
const SHOWN = 8;
const RECIPIENTS = 1_000_000;
const FAILING = `${100 * USUAL.failing}%`;
const CHANGED = `${100 * USUAL.changed}%`;

const OPTIONAL = { message: 'optional' } as const;

interface CostOptions {
  read?: number;
  /** shares, from 0 to 1 */
  failing?: number;
  changed?: number;
  fcm?: number;
  quick?: boolean;
}

export function estimateCommand(program: Command, { client, show, exit }: Context) {
  timeOptions(audienceOptions(program.command('estimate')))
    .argument(
      '[campaign]',
      `a campaign as JSON, which options replace; or a number of recipients (default: ${count(RECIPIENTS)})`,
      fileOrNumber,
    )
    .option('--title <text>')
    .option('--body <text>')
    .option('--read <n>', 'installations that are read (default: the recipients)', whole)
    .option('--failing <percent>', `recipients who are not reached (default: ${FAILING})`, percent)
    .option(
      '--changed <percent>',
      `installations that changed since the last campaign (default: ${CHANGED}); 100% for the first one`,
      percent,
    )
    .option(
      '--fcm <percent>',
      'recipients that FCM reaches (default: none, or as counted)',
      percent,
    )
    .option('--quick', 'look at a sample of a few thousand installations: quickly, for any size')
    .description('the reach and the problems of a campaign, and its cost on Google Cloud')
    .action(async (of: string | number | undefined, options: SendOptions & CostOptions) => {
      const { read, failing = USUAL.failing, changed = USUAL.changed, fcm, ...rest } = options;
      const { quick = false, ...words } = rest;
      const costOf = (recipients: number, counted = 0, waves = 1) =>
        estimate({
          recipients,
          waves,
          read: read ?? recipients,
          failing,
          changed,
          apns: 1 - (fcm ?? counted),
        });
      const asksWhom = Object.keys(words).length > 0;
      if (typeof of === 'number' && asksWhom)
        throw new Usage('give a number of recipients, or say who they are, but not both');
      if (typeof of === 'string' || asksWhom) {
        const path = `/v1/audiences:estimate${quick ? '?quick' : ''}`;
        await reach(path, await campaignRequest(of as string | undefined, words, OPTIONAL), costOf);
      } else if (quick) throw new Usage('--quick goes with an audience: say who they are');
      else {
        const recipients = of ?? RECIPIENTS;
        const lines = costOf(recipients);
        show(
          { usd: totalUsd(lines), lines },
          () => `${estimateTable(lines)}\n\n${receiptsText(recipients)}`,
        );
      }
    });

  async function reach(
    path: string,
    { name: _, ...request }: Awaited<ReturnType<typeof campaignRequest>>,
    costOf: (recipients: number, fcm: number, waves: number) => ReturnType<typeof estimate>,
  ) {
    const found = await client().expecting(answers.estimate).post(path, request);
    if (found.problems.some((it) => it.severity === 'error')) exit(1);
    const lines = costOf(
      found.installations,
      (found.providers.fcm ?? 0) / Math.max(1, found.installations),
      wavesOf(found),
    );
    const usd = totalUsd(lines);
    show({ ...found, cost: { usd, lines } }, () => estimateText(found, usd).trimEnd());
  }
}

function fileOrNumber(text: string): string | number {
  return /^\d[\d_,]*$/.test(text) ? whole(text) : text;
}

function whole(text: string): number {
  const value = Number(text.replaceAll(/[_,]/g, ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

/** How often the audience is read. An API of an earlier version knows no waves. */
export const wavesOf = ({ waves = [] }: Partial<EstimateView>) => Math.max(1, waves.length);

export function estimateText(it: EstimateView, usd: number): string {
  const about = it.exact ? '' : `  (about: ${count(it.counted)} were counted)`;
  const languages = Object.entries(it.languages).map(
    ([name, of]) => `${name || 'none'} ${count(of)}`,
  );
  const more = languages.length - SHOWN;
  // an API of an earlier version gives neither
  const { interval, asOf, caps = [], waves = [], held, canary } = it as Partial<EstimateView>;
  const lines = [
    ['Installations', count(it.installations) + about],
    ...(interval && interval.low < interval.high
      ? [['  95 of 100', `${count(interval.low)} to ${count(interval.high)}`]]
      : []),
    ...(caps.length > 0
      ? [['  caps', `at most ${caps.map(({ max, per }) => `${max} in ${per}`).join(', ')} to each`]]
      : []),
    ...(asOf ? [['  as of', minuteOf(asOf)]] : []),
    ...Object.entries(it.platforms).map(([name, of]) => [`  ${name}`, count(of)]),
    ...(it.visible < it.installations ? [['Can see it', count(it.visible)]] : []),
    ['Languages', languages.slice(0, SHOWN).join(', ') + (more > 0 ? `, and ${more} more` : '')],
    ...(held ? [['Held', `${count(held.installations)} until ${minuteOf(held.until)}`]] : []),
    ...(canary ? [['Canary', canaryText(canary)]] : []),
    [
      'Duration',
      waves.length > 1
        ? `about ${clock(it.seconds)}, from the first of ${waves.length} waves`
        : `about ${count(it.seconds)} s`,
    ],
    ['Cost', `about ${money(usd)} US dollars on Google Cloud`],
  ] as [string, string][];
  const width = Math.max(...lines.map(([label]) => label.length));
  let text = lines.map(([label, value]) => `${label.padEnd(width)}  ${value}`.trimEnd()).join('\n');
  if (waves.length > 0) text += `\nWaves\n${wavesText(waves)}`;
  for (const { severity, message, installations, examples } of it.problems) {
    const noun = installations === 1 ? 'installation' : 'installations';
    const who = installations > 0 ? ` (${count(installations)} ${noun})` : '';
    text += `\n${fold(`${severity}: ${message}${who}`, 4)}`;
    if (examples.length > 0) text += `\n${fold(`  such as ${examples.join(', ')}`, 4)}`;
  }
  return `${text}\n`;
}

/** "750, in the first 4 waves, until 2026-12-24 05:00 UTC" */
function canaryText({ installations, waves, until }: NonNullable<EstimateView['canary']>): string {
  if (until === null) return count(installations);
  const where = waves === 1 ? 'in the first wave, at' : `in the first ${waves} waves, the last at`;
  return `${count(installations)}, ${where} ${minuteOf(until)}`;
}

/** Waves that are shown; the others are in --json. */
const SHOWN_WAVES = 40;

function wavesText(waves: EstimateView['waves']): string {
  const width = Math.max(...waves.map((it) => count(it.installations).length));
  const lines = waves.slice(0, SHOWN_WAVES).map(({ at, zones, installations, held, late }) => {
    const what = late ? 'skipped ' : held ? 'held ' : '';
    const line = `  ${minuteOf(at)}  ${count(installations).padStart(width)}  ${what}`;
    return fold(line + zonesText(zones), 4);
  });
  const left = waves.length - lines.length;
  return [...lines, ...(left > 0 ? [`  and ${left} more`] : [])].join('\n');
}
