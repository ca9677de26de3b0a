/** `volley costs`: about what the campaigns of a month cost. */

import type { Command } from 'commander';
import type { CostsView } from '../../http/costs.ts';
import { rfc3339 } from '../../lib/rfc3339.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { money } from '../cost-table.ts';
import { count } from '../format.ts';
import { TIME, typedTime, ZONE } from '../times.ts';

interface Options {
  from?: string;
  to?: string;
  zone?: string;
}

export function costsCommand(
  program: Command,
  { client, show }: Context,
  now: () => number = Date.now,
) {
  program
    .command('costs')
    .option('--from <time>', `created then or later: ${TIME} (default: this month, in UTC)`)
    .option('--to <time>', 'created before that time (default: now)')
    .option('--zone <zone>', ZONE)
    .description('about what the campaigns of some time cost on Google Cloud')
    .action(async ({ from, to, zone }: Options) => {
      const today = rfc3339(now());
      const month = `${today.slice(0, 7)}-01T00:00:00Z`;
      const query = new URLSearchParams({
        from: from === undefined ? month : typedTime('--from', from, zone),
        to: to === undefined ? today : typedTime('--to', to, zone),
      });
      const found = await client().expecting(answers.costs).get(`/v1/costs?${query}`);
      show(found, () => costsText(found));
    });
}

function costsText({ campaigns, recipients, costUsd, complete }: CostsView): string {
  const which = complete ? `${count(campaigns)}` : `the newest ${count(campaigns)}`;
  return `about ${money(costUsd)} US dollars: ${which} campaigns, ${count(recipients)} recipients`;
}
