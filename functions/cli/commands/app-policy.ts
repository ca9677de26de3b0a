/** `volley apps policy APP`: shows what holds for all campaigns of an app, and changes it. */

import type { Command } from 'commander';
import type { AppPolicyView } from '../../http/app-policy.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { percent, Usage } from '../usage.ts';

type Caps = AppPolicyView['caps'];

export interface PolicyOptions {
  receipts?: string;
  delivered?: number;
  caps?: Caps;
  exempt?: string[];
}

export const policyOptions = (command: Command) =>
  command
    .option('--receipts <on|off>', 'policy: whether pushes have a key for receipts')
    .option('--delivered <percent>', 'policy: how many devices report `delivered`', percent)
    .option('--caps <caps>', 'policy: most campaigns a device gets, as 2/24h,5/7d; or none', capsIn)
    .option('--exempt <categories>', 'policy: categories over caps, as security; or none', wordsIn);

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

/** Shows the policy of an app, or changes what the options name and leaves the rest as it is. */
export async function policy({ client, show }: Context, app: string, options: PolicyOptions) {
  const { receipts, delivered, caps, exempt } = options;
  if (receipts !== undefined && receipts !== 'on' && receipts !== 'off')
    throw new Usage(`--receipts is on or off, and not "${receipts}"`);
  const path = `/v1/apps/${encodeURIComponent(app)}/policy`;
  const calls = client().expecting(answers.appPolicy);
  const now = await calls.get(path);
  const change = {
    ...(receipts !== undefined && { enabled: receipts === 'on' }),
    ...(delivered !== undefined && { delivered }),
  };
  const isChanged = Object.keys(change).length > 0 || caps !== undefined || exempt !== undefined;
  const it = isChanged
    ? await calls.put(path, {
        ...now,
        receipts: { ...now.receipts, ...change },
        ...(caps && { caps }),
        ...(exempt && { exempt }),
      })
    : now;
  show(it, () => [receiptsText(it), ...capsText(it)].map((line) => `${app}: ${line}`).join('\n'));
}

const receiptsText = ({ receipts: { enabled, delivered } }: AppPolicyView) =>
  enabled
    ? `pushes have a key for receipts; ${shown(delivered)} of devices report delivered`
    : 'pushes have no key for receipts';

/** An API of an earlier version has none. */
const capsText = ({ caps = [], exempt = [] }: Partial<AppPolicyView>): string[] => {
  if (caps.length === 0) return [];
  const most = caps.map(({ max, per }) => `${max} campaigns in ${per}`).join(', and ');
  const free = exempt.length > 0 ? `, and all of ${exempt.join(', ')}` : '';
  return [`a device gets at most ${most}${free}`];
};

const shown = (share: number) => `${Number((100 * share).toFixed(2))}%`;
