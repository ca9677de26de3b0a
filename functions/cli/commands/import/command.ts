/** `volley import`: shows the mapping, imports the rows, prints a summary. */

import type { Command } from 'commander';
import { readRow } from '../../../import/read-row.ts';
import { redact } from '../../../lib/redact.ts';
import type { Context } from '../../context.ts';
import { count } from '../../format.ts';
import { createProgress, createRate } from '../../progress.ts';
import { Usage } from '../../usage.ts';
import { openFile } from './file.ts';
import { mappingOf } from './mapping.ts';
import { checkOptions, importOptions, type Options } from './options.ts';
import { isPostgres, openPostgres } from './postgres.ts';
import { prune } from './prune.ts';
import { rowsOf } from './rows.ts';
import { type ImportJob, runImport } from './run.ts';
import type { Source } from './source.ts';
import { type Counts, openState } from './state.ts';
import { summary, tellings } from './summary.ts';
import { createTally } from './tally.ts';

const SHOWN_ROWS = 3;

const examples = `
Examples:
  volley import installations.csv --dry-run
  volley import dump.ndjson --map token=push_token,os=device
  volley import players.csv.gz --from onesignal --dry-run
  volley import postgres://reader@db/shop --prune \\
    --query "select * from devices"
`;

export function importCommand(program: Command, context: Context) {
  importOptions(program.command('import'))
    .argument('<source>', 'CSV with a header, NDJSON, a JSON list, or postgres://…')
    .description('register the installations of a file or a database')
    .addHelpText('after', examples)
    .action((source: string, options: Options) => run(source, options, context));
}

async function run(from: string, options: Options, context: Context) {
  checkOptions(options);
  const source = await open(from, options);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  try {
    await importFrom(source, options, context, interrupt.signal);
  } finally {
    process.off('SIGINT', onSignal);
    await source.close();
  }
}

async function importFrom(source: Source, options: Options, context: Context, stop: AbortSignal) {
  const { exit, isJson, show } = context;
  const say = (text: string) => isJson() || context.say(text);
  const client = context.client();
  const dryRun = options.dryRun === true;
  const app = options.app ?? (options.prune ? 'default' : undefined);
  const { text, identity, toRows } = rowsOf(source, options);
  say(`${source.name}\n${text}`);
  if (dryRun) await preview(source, toRows, app, say);

  const parts = [context.url(), app, source.identity, options.prune === true, identity];
  const file = stateOf(parts, options, context);
  const { state } = file;
  if (file.resumed && state.position)
    say(`going on after ${source.unit} ${count(state.position.rows)} (--restart begins anew)\n`);

  const told = tellings(source.unit);
  const job = { client, source, toRows, app, state: file, dryRun, marks: options.prune === true };
  const tally = createTally();
  const counts = await withProgress(job, { options, told, tally, stop }, context);

  const pruned =
    options.prune && !dryRun && state.complete && counts.read > 0
      ? await prune({ client, app: app!, run: state.run, counts, options }, context)
      : null;
  if (state.complete) file.remove();
  else if (!dryRun) {
    say(stoppedText(source.unit, state.position?.rows));
    exit(1);
  }
  if (counts.read === 0) say('volley: there are no rows, so nothing was stored or removed\n');
  if (counts.read === counts.rejected) exit(1);
  const stored = counts.read - counts.rejected;
  const found = dryRun && options.from !== undefined && counts.read > 0 ? tally : null;
  const document = { ...counts, stored, ...told.lists(), ...found?.counts() };
  show({ ...document, ...(pruned !== null && { pruned }) }, () =>
    [summary(counts, { pruned, dryRun }), ...(found ? [found.text()] : [])].join('\n'),
  );
}

const stateOf = (identity: unknown[], options: Options, { io }: Context) =>
  openState(identity, {
    restart: options.restart === true || options.dryRun === true,
    ...(io.env.VOLLEY_STATE && { folder: io.env.VOLLEY_STATE }),
  });

const stoppedText = (unit: string, rows?: number) =>
  rows
    ? `stopped; the same command goes on after ${unit} ${count(rows)}\n`
    : 'stopped; the same command begins again: rows that are stored already will not change\n';

type Job = Pick<ImportJob, 'client' | 'source' | 'toRows' | 'app' | 'state' | 'dryRun' | 'marks'>;

interface Watched {
  options: Options;
  told: ReturnType<typeof tellings>;
  tally: ReturnType<typeof createTally>;
  stop: AbortSignal;
}

/** Runs the import with a bar, and says its first faults at the end, even if it breaks off. */
async function withProgress(
  job: Job,
  { options, told, tally, stop }: Watched,
  { isJson, say, io }: Context,
): Promise<Counts> {
  const progress = isJson() ? null : createProgress(io.stderr);
  const rate = createRate();
  const before = job.state.state.counts.read;
  try {
    return await runImport({
      ...job,
      signal: stop,
      windowRows: options.window === undefined ? undefined : Number(options.window),
      onProgress({ read, rejected }) {
        const words = rejected > 0 ? `${count(rejected)} rejected` : '';
        const total = job.source.total(read);
        progress?.show({ done: read, total, rate: rate(read - before), words });
      },
      onRow: tally.add,
      onFault: told.fault,
      onWarning: told.warning,
    });
  } finally {
    progress?.stop();
    if (!isJson()) say(told.text());
  }
}

async function open(from: string, options: Options): Promise<Source> {
  const { query, orderBy, timeout = '300' } = options;
  if (!isPostgres(from)) {
    if (query !== undefined) throw new Usage('--query is for a source such as postgres://…');
    return openFile(from);
  }
  if (options.from !== undefined) throw new Usage('--from is for a file');
  if (query === undefined) throw new Usage('say what to read: --query "select * from devices"');
  const seconds = Number(timeout);
  if (!(seconds > 0 && seconds <= 86_400)) throw new Usage('--timeout is a number of seconds');
  return openPostgres(from, {
    query,
    timeoutMs: seconds * 1000,
    key(columns) {
      if (!options.resume) return null;
      if (orderBy !== undefined) return orderBy;
      const fixed = (options.set ?? []).map(([field]) => field);
      return columns[mappingOf(columns, options.map ?? [], fixed).fields.get('id')!]!.name;
    },
  });
}

/** Shows the first rows as they would be stored. They are read apart from the import itself. */
async function preview(
  source: Source,
  toRows: ImportJob['toRows'],
  app: string | undefined,
  say: (text: string) => void,
  now = Date.now,
) {
  const made = [];
  for await (const row of source.first(SHOWN_ROWS)) made.push(...toRows(row));
  for (const one of made.slice(0, SHOWN_ROWS)) {
    const it = 'row' in one ? readRow(one.row, app, now()) : { fault: '' };
    // faults are shown when the rows are counted
    if ('fault' in it) continue;
    const { bucket: _, ...shown } = it.installation;
    const refreshedAt = shown.refreshedAt === null ? null : new Date(shown.refreshedAt);
    say(`  ${redact(JSON.stringify({ ...shown, refreshedAt }))}\n`);
  }
}
