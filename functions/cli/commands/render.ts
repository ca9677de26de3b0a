/** `volley render`: shows the push of a message, for a device that need not exist. */

import type { Command } from 'commander';
import type { RenderedMessage } from '../../http/render.ts';
import * as answers from '../answers.ts';
import { campaignRequest, messageOptions, type SendOptions } from '../campaign-request.ts';
import type { Context } from '../context.ts';
import { collect, Usage } from '../usage.ts';

interface Options extends Pick<SendOptions, 'title' | 'subtitle' | 'body' | 'link' | 'app'> {
  platform: string;
  provider?: string;
  language?: string;
  environment?: string;
  attribute?: string[];
}

export function renderCommand(program: Command, { client, show, exit }: Context) {
  messageOptions(program.command('render'))
    .argument('[file]', 'a campaign as JSON, of which the message is shown')
    .requiredOption('--platform <platform>', 'ios, android or web')
    .option('--provider <provider>', 'apns or fcm (default: the usual one of the platform)')
    .option('--language <language>', 'such as de or pt-BR')
    .option('--attribute <name=value>', 'a value for {{name}}; may be repeated', collect)
    .option('--environment <environment>', 'production or sandbox')
    .option('--app <app>', 'which app (default: default)')
    .description('show what a device would be sent, without sending or registering anything')
    .action(async (file: string | undefined, options: Options) => {
      const { platform, provider, language, environment, attribute = [], ...texts } = options;
      const { app, message } = await campaignRequest(file, { ...texts, everybody: true });
      const attributes = Object.fromEntries(attribute.map(nameAndValue));
      const found = await client().expecting(answers.renderedMessage).post('/v1/messages:render', {
        app,
        message,
        platform,
        provider,
        language,
        environment,
        attributes,
      });
      if (found.faults.length > 0) exit(1);
      show(found, () => renderedText(found));
    });
}

function nameAndValue(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Usage(`--attribute ${text}: write it as NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function renderedText(it: RenderedMessage): string {
  const lines = [
    `By ${it.provider}, in ${it.language ?? 'the default language'}: ${it.bytes} of ${it.mostBytes} bytes`,
    ...Object.entries(it.headers).map(([name, value]) => `${name}: ${value}`),
    JSON.stringify(it.payload, null, 2),
    ...it.warnings.map(({ path, message }) => `warning: ${path}: ${message}`),
    ...it.faults.map(({ path, message }) => `error: ${path}: ${message}`),
  ];
  return lines.join('\n');
}
