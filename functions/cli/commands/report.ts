/** `volley report` and `volley failures`: the result of a campaign, and the recipients it failed. */

import type { Command } from 'commander';
import type { FailureView } from '../../http/campaigns/report-view.ts';
import * as answers from '../answers.ts';
import { type Client, campaignPath } from '../client/client.ts';
import type { Context } from '../context.ts';
import { jsonText, oneLine } from '../format.ts';
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
    const begin = isJson() ? '{"items":[' : failureLine(HEADINGS);
    let before = begin;
    for await (const one of failures) {
      await print(io.stdout, before + (isJson() ? jsonText(one) : failureLine(cells(one))));
      before = isJson() ? ',' : '';
    }
    if (isJson()) await print(io.stdout, `${before === begin ? begin : ''}]}\n`);
  }
}

const HEADINGS = ['AT', 'PROVIDER', 'OUTCOME', 'REASON', 'INSTALLATION', 'TOKEN'];
/** Characters of the columns; they stream, so the widest cell is not known. */
const WIDTHS = [24, 8, 12, 24, 0, 0];

const cells = (it: FailureView) => [
  it.at,
  it.provider,
  it.outcome,
  it.reason,
  it.installationId,
  it.token,
];

const failureLine = (all: string[]) =>
  `${all.map((it, column) => oneLine(it).padEnd(WIDTHS[column]!)).join('  ')}\n`;
