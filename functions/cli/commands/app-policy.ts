/** `volley apps policy APP`: shows what holds for all campaigns of an app, and changes it. */

import type { Command } from 'commander';
import type { AppPolicyView } from '../../http/app-policy.ts';
import { defaultPolicy } from '../../model/app-policy.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';
import { percent, Usage } from '../usage.ts';

type Caps = AppPolicyView['caps'];
type Quiet = NonNullable<AppPolicyView['quiet']>;

export interface PolicyOptions {
  receipts?: string;
  delivered?: number;
  caps?: Caps;
  quiet?: Quiet | 'none';
  defaultZone?: string;
  exempt?: string[];
}

export const policyOptions = (command: Command) =>
  command
    .option('--receipts <on|off>', 'whether apps can report what became of a push')
    .option('--delivered <percent>', 'how many devices report `delivered`, such as 2%', percent)
    .option('--caps <caps>', 'most campaigns a device gets, as 2/24h,5/7d; or none', capsIn)
    .option('--quiet <from-to>', 'no campaign arrives then, as 22:00-08:00; or none', quietIn)
    .option('--default-zone <zone>', 'of devices that tell no time zone, as Europe/Berlin')
    .option('--exempt <categories>', 'free of caps and quiet hours, as security; or none', wordsIn);

const wordsIn = (text: string) => (text === 'none' ? [] : text.split(',').map((it) => it.trim()));

/** `2/24h,5/7d`, or `none`. The server says what is wrong with a number or a time. */
function capsIn(text: string): Caps {
  if (text === 'none') return [];
  return text.split(',').map((it) => {
    const [max, per, ...rest] = it.trim().split('/');
    if (!max || !/^\d+$/.test(max) || !per || rest.length > 0)
      throw new Usage(`--caps is a list as 2/24h,5/7d, or none, and not "${text}"`);
    return { max: Number(max), per };
  });
}

/** `22:00-08:00`, or `none`: commander takes a null for no value. The server says what is wrong with a time. */
function quietIn(text: string): Quiet | 'none' {
  if (text === 'none') return text;
  const [from, to, ...rest] = text.split('-').map((it) => it.trim());
  if (!from || !to || rest.length > 0)
    throw new Usage(`--quiet is two times of the day as 22:00-08:00, or none, and not "${text}"`);
  return { from, to };
}

/** Shows the policy of an app, or changes what the options name and leaves the rest as it is. */
export async function policy({ client, show }: Context, app: string, options: PolicyOptions) {
  const { receipts, delivered, quiet, ...rest } = options;
  if (receipts !== undefined && receipts !== 'on' && receipts !== 'off')
    throw new Usage(`--receipts is on or off, and not "${receipts}"`);
  const path = `/v1/apps/${encodeURIComponent(app)}/policy`;
  const calls = client().expecting(answers.appPolicy);
  const now = await calls.get(path);
  const change = {
    ...(receipts !== undefined && { enabled: receipts === 'on' }),
    ...(delivered !== undefined && { delivered }),
  };
  const isChanged = [change, rest].some((it) => Object.keys(it).length > 0) || quiet !== undefined;
  const it = isChanged
    ? await calls.put(path, {
        ...now,
        receipts: { ...now.receipts, ...change },
        ...rest,
        ...(quiet && { quiet: quiet === 'none' ? null : quiet }),
      })
    : now;
  const lines = () => [receiptsText(it), ...capsText(it), ...quietText(it), ...exemptText(it)];
  show(it, () =>
    lines()
      .map((line) => fold(`${app}: ${line}`, 2))
      .join('\n'),
  );
}

const receiptsText = ({ receipts: { enabled, delivered } }: AppPolicyView) =>
  enabled
    ? `pushes have a key for receipts; ${shown(delivered)} of devices report delivered`
    : 'pushes have no key for receipts';

/** An API of an earlier version has none. */
const capsText = ({ caps = [] }: Partial<AppPolicyView>): string[] => {
  if (caps.length === 0) return [];
  const most = caps.map(({ max, per }) => `${max} campaigns in ${per}`).join(', and ');
  return [`a device gets at most ${most}`];
};

const quietText = ({ quiet, defaultZone }: Partial<AppPolicyView>): string[] => [
  ...(quiet
    ? [`campaigns wait from ${quiet.from} to ${quiet.to}, by the clock of each device`]
    : []),
  ...(defaultZone === undefined || (!quiet && defaultZone === defaultPolicy.defaultZone)
    ? []
    : [`devices that tell no time zone are in ${defaultZone}`]),
];

const exemptText = ({ caps = [], quiet, exempt = [] }: Partial<AppPolicyView>): string[] =>
  exempt.length === 0
    ? []
    : [
        `free of ${quiet ? (caps.length > 0 ? 'caps and quiet hours' : 'quiet hours') : 'caps'}: ${exempt.join(', ')}`,
      ];

const shown = (share: number) => `${Number((100 * share).toFixed(2))}%`;
