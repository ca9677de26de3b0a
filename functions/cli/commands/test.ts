/** `volley test`: sends a test to named recipients, and shows their pushes. */

import type { Command } from 'commander';
import type { TestedView } from '../../http/campaigns/test-send.ts';
import * as answers from '../answers.ts';
import {
  audienceOptions,
  campaignRequest,
  messageOptions,
  type SendOptions,
} from '../campaign-request.ts';
import type { Context } from '../context.ts';
import { oneLine } from '../format.ts';
import { Usage } from '../usage.ts';
import { follow } from './watch.ts';

export function testCommand(program: Command, context: Context) {
  const { client, show, isJson } = context;
  messageOptions(audienceOptions(program.command('test')))
    .argument('[file]', 'a campaign as JSON; it goes to those named here, not to its audience')
    .option('--dry-run', 'show it, but send nothing')
    .description('send a test to --user, --installation or --token, and show what they get')
    .action(async (file: string | undefined, options: SendOptions) => {
      const { user, installation, token } = options;
      if (!user && !installation && !token)
        throw new Usage('say who tests it: --user, --installation or --token');
      const { audience: _, ...rest } = await campaignRequest(file, { ...options, everybody: true });
      const { audience } = await campaignRequest(undefined, options, { message: 'optional' });
      const tested = await client()
        .expecting(answers.tested)
        .post('/v1/campaigns:test', { ...rest, audience });
      show(tested, () => testedText(tested).trimEnd());
      // with --json the answer is the only document
      if (tested.campaign && !isJson()) await follow(context, tested.campaign.id);
    });
}

/** What the provider of each recipient is sent, and nothing else. */
function testedText({ recipients }: TestedView): string {
  let text = '';
  for (const { installationId, provider, language, warnings, ...by } of recipients) {
    text += `${oneLine(installationId)} by ${provider}, in ${language ?? 'the default language'}\n`;
    for (const { path, message } of warnings)
      text += `${oneLine(`  warning: ${path}: ${message}`)}\n`;
    const it = by[provider];
    if (!it) text += `  ${provider}: no credentials\n`;
    else {
      text += `  ${provider}: ${it.bytes} of ${it.mostBytes} bytes\n`;
      for (const [name, value] of Object.entries(it.headers))
        text += `${oneLine(`    ${name}: ${value}`)}\n`;
      text += `    ${JSON.stringify(it.payload)}\n`;
    }
  }
  return text;
}
