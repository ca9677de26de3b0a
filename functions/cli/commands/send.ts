/** `volley send`: sends a campaign and follows it to its end. */

import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { MANY } from '../../model/audience/many.ts';
import * as answers from '../answers.ts';
import {
  audienceOptions,
  campaignRequest,
  messageOptions,
  type SendOptions,
  sendOnce,
} from '../campaign-request.ts';
import { confirmed } from '../confirm.ts';
import type { Context } from '../context.ts';
import { count } from '../format.ts';
import { timeOptions } from '../times.ts';
import { waitText } from '../waves.ts';
import { follow } from './watch.ts';

type Options = SendOptions & { idempotencyKey?: string; wait: boolean; yes?: boolean };

export function sendCommand(program: Command, context: Context) {
  timeOptions(messageOptions(audienceOptions(program.command('send'))))
    .argument('[file]', 'a campaign as JSON; options replace what it says')
    .option('--name <name>', 'of the campaign (default: its title)')
    .option('--dry-run', 'go the whole way, but send nothing')
    .option('--idempotency-key <key>', 'the same key gives the same campaign')
    .option('--no-wait', 'do not follow it to its end')
    .option('--yes', `do not ask, however many get it (asked from ${count(MANY)} on)`)
    .description('send a campaign, and follow it; one that begins later is not followed')
    .action((file: string | undefined, options: Options) => send(context, file, options));
}

async function send(
  context: Context,
  file: string | undefined,
  options: Options,
  now: () => number = Date.now,
) {
  const { client, io, isJson, say, show, hints, exit } = context;
  const request = await campaignRequest(file, options);
  const api = client();
  const ask = isJson() ? undefined : io.ask;
  const asking = {
    ask,
    say: isJson() ? () => {} : say,
    isAgain: options.idempotencyKey !== undefined,
  };
  if (!options.yes && !(await confirmed(api, request, asking))) {
    say('volley: nothing was sent\n');
    exit(1);
    return;
  }
  const campaign = await sendOnce(api.expecting(answers.campaign), {
    path: '/v1/campaigns',
    body: request,
    key: options.idempotencyKey ?? randomUUID(),
    say,
  });
  if (options.wait && campaign.state !== 'scheduled') await follow(context, campaign.id);
  else {
    show(campaign, () => campaign.id);
    const waits = waitText(campaign, now());
    if (waits !== null) hints()?.write(`${waits}\n  to follow it: volley watch ${campaign.id}\n`);
  }
}
