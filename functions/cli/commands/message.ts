/** `volley message`: pushes to a few named recipients, and prints the results. */

import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { FailureView } from '../../http/campaigns/report-view.ts';
import type { CampaignView } from '../../http/campaigns/view.ts';
import * as answers from '../answers.ts';
import { messageOptions, type SendOptions, sendOnce } from '../campaign-request.ts';
import type { Context } from '../context.ts';
import { oneLine } from '../format.ts';
import { collect, Usage } from '../usage.ts';

interface Options extends Pick<SendOptions, 'title' | 'subtitle' | 'body' | 'link'> {
  user?: string[];
  installation?: string[];
  token?: string[];
  app?: string;
  wait: string;
  idempotencyKey?: string;
}

interface Failures {
  /** present once the campaign is closed */
  failures?: FailureView[];
}

/** The longest wait, below the client's own deadline. */
const MAX_WAIT_SECONDS = 25;

const examples = `
Examples:
  volley message --user user-7 --title "Your order is on its way"
  volley message --user user-7 --user user-8 --title Hi --wait 0
  volley message --token "$TOKEN" --title Hi --json`;

export function messageCommand(program: Command, { client, show, exit, say }: Context) {
  messageOptions(program.command('message'))
    .option('--user <id>', 'may be repeated', collect)
    .option('--installation <id>', 'may be repeated', collect)
    .option('--token <token>', 'may be repeated', collect)
    .option('--app <app>', 'which app (default: default)')
    .option(
      '--wait <seconds>',
      `how long to wait for the results, ${MAX_WAIT_SECONDS} at most`,
      '10',
    )
    .option('--idempotency-key <key>', 'the same key sends once')
    .description('push to a few named recipients')
    .addHelpText('after', examples)
    .action(async (options: Options) => {
      const { user, installation, token, app, title, subtitle, body, link, wait } = options;
      if ([user, installation, token].filter(Boolean).length !== 1)
        throw new Usage('say who gets it: --user, --installation or --token, and one of them');
      if (title === undefined && body === undefined) throw new Usage('give a --title or a --body');
      if (!/^\d+$/.test(wait) || Number(wait) > MAX_WAIT_SECONDS)
        throw new Usage(`--wait is in seconds, from 0 to ${MAX_WAIT_SECONDS}`);
      const it = await sendOnce(client().expecting(answers.messageCampaign), {
        path: `/v1/messages?wait=${wait}`,
        key: options.idempotencyKey ?? randomUUID(),
        body: {
          app,
          userIds: user,
          installationIds: installation,
          tokens: token,
          message: { title, subtitle, body, link },
        },
        say,
      });
      // a campaign is paused if no push of it could be sent
      if (it.counts.failed > 0 || it.state === 'paused') exit(1);
      show(it, () => outcome(it));
    });
}

function outcome({ id, state, reason, counts, failures = [] }: CampaignView & Failures): string {
  const { accepted, failed, pending } = counts;
  const lines = [`${id}  ${accepted} accepted, ${failed} failed, ${pending} pending`];
  for (const it of failures) lines.push(oneLine(`  ${it.installationId}  ${it.reason}`));
  if (state === 'completed' && counts.recipients === 0) lines.push('  none of them has the app');
  if (state === 'paused') lines.push(oneLine(`  paused: ${reason}`));
  return lines.join('\n');
}
