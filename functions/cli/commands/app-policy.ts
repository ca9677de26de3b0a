/** `volley apps policy APP`: shows what holds for all campaigns of an app, and changes it. */

import type { Command } from 'commander';
import type { AppPolicyView } from '../../http/app-policy.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { percent, Usage } from '../usage.ts';

export interface PolicyOptions {
  receipts?: string;
  delivered?: number;
}

export const policyOptions = (command: Command) =>
  command
    .option('--receipts <on|off>', 'policy: whether pushes have a key for receipts')
    .option('--delivered <percent>', 'policy: how many devices report `delivered`', percent);

/** Shows the policy of an app, or changes what the options name and leaves the rest as it is. */
export async function policy({ client, show }: Context, app: string, options: PolicyOptions) {
  const { receipts, delivered } = options;
  if (receipts !== undefined && receipts !== 'on' && receipts !== 'off')
    throw new Usage(`--receipts is on or off, and not "${receipts}"`);
  const path = `/v1/apps/${encodeURIComponent(app)}/policy`;
  const calls = client().expecting(answers.appPolicy);
  const now = await calls.get(path);
  const change = {
    ...(receipts !== undefined && { enabled: receipts === 'on' }),
    ...(delivered !== undefined && { delivered }),
  };
  const isChanged = Object.keys(change).length > 0;
  const it = isChanged
    ? await calls.put(path, { ...now, receipts: { ...now.receipts, ...change } })
    : now;
  show(it, () => told(app, it));
}

const told = (app: string, { receipts: { enabled, delivered } }: AppPolicyView) =>
  enabled
    ? `${app}: pushes have a key for receipts; ${shown(delivered)} of devices report delivered`
    : `${app}: pushes have no key for receipts`;

const shown = (share: number) => `${Number((100 * share).toFixed(2))}%`;
