/** `volley campaigns`: lists campaigns, by state, app, text and time. */

import type { Command } from 'commander';
import type { CampaignView } from '../../http/campaigns/view.ts';
import * as answers from '../answers.ts';
import { campaignPath } from '../client/client.ts';
import { createEnds } from '../client/ends.ts';
import { Refused } from '../client/errors.ts';
import type { Context } from '../context.ts';
import { count } from '../format.ts';
import { print } from '../progress.ts';
import { table } from '../table.ts';
import { TIME, typedTime, ZONE } from '../times.ts';
import { collect, takesNothing, Usage } from '../usage.ts';

interface Options {
  state?: string[];
  kind?: string[];
  app?: string;
  search?: string;
  from?: string;
  to?: string;
  zone?: string;
  limit: number;
  after?: string;
}

/** Rows of a page, at most. */
const PAGE = 100;
/** Pages asked for; each looks through up to 500 campaigns, and may have no row. */
const MAX_PAGES = 40;

export function campaignCommands(program: Command, context: Context) {
  const campaigns = program
    .command('campaigns')
    .alias('campaign')
    .description('list campaigns, the newest first');
  campaigns
    .command('list', { isDefault: true })
    .description('list campaigns, the newest first')
    .option('--state <state>', 'such as running or paused; may be repeated', collect)
    .option('--kind <kind>', 'campaign, message or trigger; may be repeated', collect)
    .option('--app <app>', 'only of this app')
    .option('--search <text>', 'part of the name or of a title')
    .option('--from <time>', `created at that time or later: ${TIME}`)
    .option('--to <time>', 'created before that time')
    .option('--zone <zone>', ZONE)
    .option('--limit <n>', 'rows', rows, 20)
    .option('--after <cursor>', 'go on where an earlier list stopped, as it printed')
    .allowExcessArguments()
    .action((options: Options, command: Command) => {
      takesNothing(command);
      return list(context, options);
    });
  campaigns
    .command('export')
    .argument('<id>')
    .description('print what became of each recipient, and each receipt, one JSON object per line')
    .option('--publish', 'to the topic of events, for a data warehouse that subscribes to it')
    .action((id: string, { publish }: { publish?: boolean }) =>
      publish ? publishAll(context, id) : exportAll(context, id),
    );
}

async function publishAll({ client, show }: Context, id: string) {
  const published = await client()
    .expecting(answers.published)
    .publish(`${campaignPath(id)}/export`);
  const { run, events, recipients, receipts } = published;
  show(
    published,
    () => `${recipients} recipients, ${receipts} receipts in ${events} events, run ${run}`,
  );
}

/** One at a time, as they come. Throws `Refused` if the end is missing: what was printed is not all. */
async function exportAll({ client, io }: Context, id: string) {
  const calls = client().expecting(answers.exportRow);
  let last: string | null = null;
  for await (const row of calls.records(`${campaignPath(id)}/export`)) {
    last = row.kind;
    await print(io.stdout, `${JSON.stringify(row)}\n`);
  }
  if (last !== 'end') throw new Refused(CUT_OFF);
}

const CUT_OFF = {
  type: 'about:blank',
  title: 'The export was cut off',
  status: 200,
  detail: 'It has no row of the kind "end": what was printed is not all.',
  next: 'Run it again.',
};

async function list({ client, show, hints }: Context, options: Options) {
  const filter = queryOf(options);
  const calls = client().expecting(answers.campaignPage);
  const items: CampaignView[] = [];
  const ends = createEnds();
  let next = options.after ?? null;
  for (let page = 0; page < MAX_PAGES && items.length < options.limit; page++) {
    const query = new URLSearchParams(filter);
    query.set('limit', String(Math.min(PAGE, options.limit - items.length)));
    if (next !== null) query.set('after', next);
    const found = await calls.get(`/v1/campaigns?${query}`);
    items.push(...found.items);
    next = ends(found.next);
    if (next === null) break;
  }
  show({ items, next }, () => table(HEADINGS, items.map(cells)));
  if (next !== null) hints()?.write(`there may be more: --after ${next}\n`);
}

function queryOf({ state, kind, app, search, from, to, zone }: Options) {
  const at = (option: string, text: string | undefined) => text && typedTime(option, text, zone);
  const all = {
    state: state?.join(),
    kind: kind?.join(),
    app,
    q: search,
    from: at('--from', from),
    to: at('--to', to),
  };
  return Object.entries(all).filter((it): it is [string, string] => it[1] !== undefined);
}

function rows(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new Usage(`--limit must be a number from 1 to 9999, and not "${text}"`);
  return Number(text);
}

const HEADINGS = ['ID', 'STATE', 'CREATED (UTC)', 'ACCEPTED', 'FAILED', 'NAME'];
const cells = ({ id, state, createdAt, counts, name }: CampaignView) => [
  id,
  state,
  createdAt.slice(0, 16).replace('T', ' '),
  count(counts.accepted),
  count(counts.failed),
  name,
];
