/** `volley watch`: follows a campaign to its end and prints its report. */

import type { Command } from 'commander';
import type { CampaignView } from '../../http/campaigns/view.ts';
import { type Client, campaignPath } from '../client/client.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';
import { watchCampaign } from '../watch.ts';
import { reportText } from './report.ts';

export function watchCommand(program: Command, context: Context) {
  program
    .command('watch')
    .argument('<id>')
    .description('follow a campaign to its end')
    .action((id: string) => watch(context, id));
}

/** Says the campaign's id, then follows it. */
export async function follow(context: Context, id: string) {
  if (!context.isJson()) context.say(`campaign ${id}\n`);
  await watch(context, id);
}

async function watch(context: Context, id: string) {
  const api = context.client();
  await finish(context, api, await watchCampaign(api, id, context.hints()));
}

/** The command fails if the campaign was not sent to its end. */
async function finish({ io, isJson, say, show, exit }: Context, api: Client, it: CampaignView) {
  if (it.state !== 'completed') exit(1);
  if (it.state === 'paused')
    say(
      `${fold(`volley: the campaign is paused: ${it.reason}`, 2)}\n` +
        '  correct that, then:\n' +
        `  volley resume ${it.id} && volley watch ${it.id}\n`,
    );
  if (isJson()) show(it, () => '');
  else io.stdout.write(await reportText(api, `${campaignPath(it.id)}/report`));
}
