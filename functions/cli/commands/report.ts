/** `volley report` and `volley failures`: the result of a campaign, and the recipients it failed. */

import type { Command } from 'commander';
import type { FailureView } from '../../http/campaigns/report-view.ts';
import * as answers from '../answers.ts';
import { type Client, campaignPath } from '../client/client.ts';
import type { Context } from '../context.ts';
import { jsonText } from '../format.ts';
import { print } from '../progress.ts';
import { Usage } from '../usage.ts';

export function reportCommand(program: Command, { client, io, isJson, show }: Context) {
  program
    .command('report')
    .argument('<id>')
    .description('print the report of a campaign')
    .action(async (id: string) => {
      const api = client();
      const path = `${campaignPath(id)}/report`;
      if (isJson()) show(await api.expecting(answers.report).get(path), () => '');
      else io.stdout.write(await reportText(api, path));
    });
}

/** The report as the API writes it for a chat, with a line break at its end. */
export async function reportText(api: Client, path: string): Promise<string> {
  const all = await api.text(path, 'text/plain');
  return all.endsWith('\n') ? all : `${all}\n`;
}

export function failuresCommand(program: Command, { client, io, isJson }: Context) {
  program
    .command('failures')
    .argument('<id>')
    .option('--csv', 'as CSV')
    .description('list the recipients that were not reached, and why')
    .action(async (id: string, { csv }: { csv?: boolean }) => {
      if (csv && isJson()) throw new Usage('--csv and --json exclude each other');
      const path = `${campaignPath(id)}/failures`;
      if (csv)
        for await (const bytes of await client().download(path, 'text/csv'))
          await print(io.stdout, bytes);
      else await printFailures(client().expecting(answers.failure).records(path));
    });

  /** One at a time, as they come: all of them may not fit in memory. */
  async function printFailures(failures: AsyncIterable<FailureView>) {
    let before = '{"items":[';
    for await (const one of failures) {
      await print(io.stdout, isJson() ? before + jsonText(one) : failureLine(one));
      before = ',';
    }
    if (isJson()) await print(io.stdout, `${before === ',' ? '' : before}]}\n`);
  }
}

const failureLine = (it: FailureView) =>
  `${[it.at, it.provider, it.outcome, it.reason, it.installationId, it.token].join('  ')}\n`;
