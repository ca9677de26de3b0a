/** `volley import`: shows the mapping, imports the rows, prints a summary. */

import { type Command, Option } from 'commander';
import { ABSENT } from '../../../import/absent.ts';
import { readRow } from '../../../import/read-row.ts';
import { redact } from '../../../lib/redact.ts';
import type { Context } from '../../context.ts';
import { count } from '../../format.ts';
import { createProgress, createRate } from '../../progress.ts';
import { Usage } from '../../usage.ts';
import { openFile } from './file.ts';
import { mappingOf, mappingText, readMap, rowMaker } from './mapping.ts';
import { isPostgres, openPostgres } from './postgres.ts';
import { prune } from './prune.ts';
import { type ImportJob, runImport } from './run.ts';
import type { Source } from './source.ts';
import { type Counts, openState } from './state.ts';
import { summary, tellings } from './summary.ts';

interface Options {
  query?: string;
  map?: [field: string, column: string][];
  orderBy?: string;
  null?: string[];
  resume: boolean;
  app?: string;
  dryRun?: boolean;
  restart?: boolean;
  prune?: boolean;
  yes?: boolean;
  force?: boolean;
  timeout?: string;
  window?: string;
}

const SHOWN_ROWS = 3;

const examples = `
Examples:
  volley import installations.csv --dry-run
  volley import dump.ndjson --map token=push_token,os=device
  volley import postgres://reader@db/shop --prune \\
    --query "select * from devices"
`;

export function importCommand(program: Command, context: Context) {
  program
    .command('import')
    .argument('<source>', 'CSV with a header, NDJSON, or postgres://…')
    .option('--query <sql>', 'the SELECT that reads from a database')
    .option('--map <field=column,…>', 'columns that are not recognised; may be repeated', maps)
    .option(
      '--null <text,…>',
      `texts that stand for no value (default: ${ABSENT.join(',')})`,
      texts,
    )
    .option('--app <app>', 'the app of all rows')
    .option('--order-by <column>', 'of a query: the column to resume by (default: that of the id)')
    .option('--no-resume', 'of a query: read without an order, so it cannot resume')
    .option('--dry-run', 'show the mapping and the first rows, count the faults, store nothing')
    .option('--restart', 'from the beginning, even if an earlier run was stopped')
    .option('--prune', 'at the end remove installations that the source has not; asks first')
    .option('--yes', 'do not ask')
    .option('--force', 'prune even if rows were rejected, or most would be removed')
    .option('--timeout <seconds>', 'deadline of one statement of a query', '300')
    .addOption(
      new Option('--window <rows>', 'rows that are recorded as done in one step').hideHelp(),
    )
    .description('register the installations of a file or a database')
    .addHelpText('after', examples)
    .action((source: string, options: Options) => run(source, options, context));
}

const texts = (value: string, earlier: string[] = []) => [...earlier, ...value.split(',')];

const maps = (value: string, earlier: Options['map'] = []) => [...earlier, ...readMap(value)];

async function run(from: string, options: Options, context: Context) {
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
  const { mapping, absent, toRow } = rowsOf(source, options);
  say(`${source.name}\n${mappingText(mapping)}`);
  if (dryRun) await preview(source, toRow, app, say);

  const identity = [
    context.url(),
    app,
    source.identity,
    [...mapping.fields],
    options.prune === true,
  ];
  const file = stateOf([...identity, absent], options, context);
  const { state } = file;
  if (file.resumed && state.position)
    say(`going on after ${source.unit} ${count(state.position.rows)} (--restart begins anew)\n`);

  const told = tellings(source.unit);
  const job = { client, source, toRow, app, state: file, dryRun, marks: options.prune === true };
  const counts = await withProgress(job, { options, told, stop }, context);

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
  show({ ...counts, stored, ...told.lists(), ...(pruned !== null && { pruned }) }, () =>
    summary(counts, { pruned, dryRun }),
  );
}

/** How the source's columns become the fields of rows. */
function rowsOf(source: Source, options: Options) {
  const mapping = mappingOf(source.columns, options.map ?? []);
  const absent = options.null ?? (source.isText ? ABSENT : null);
  return { mapping, absent, toRow: rowMaker(mapping, absent && new Set(absent)) };
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

type Job = Pick<ImportJob, 'client' | 'source' | 'toRow' | 'app' | 'state' | 'dryRun' | 'marks'>;

/** Runs the import with a bar, and says its first faults at the end, even if it breaks off. */
async function withProgress(
  job: Job,
  {
    options,
    told,
    stop,
  }: { options: Options; told: ReturnType<typeof tellings>; stop: AbortSignal },
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
  if (query === undefined) throw new Usage('say what to read: --query "select * from devices"');
  const seconds = Number(timeout);
  if (!(seconds > 0 && seconds <= 86_400)) throw new Usage('--timeout is a number of seconds');
  return openPostgres(from, {
    query,
    timeoutMs: seconds * 1000,
    key(columns) {
      if (!options.resume) return null;
      if (orderBy !== undefined) return orderBy;
      return columns[mappingOf(columns, options.map ?? []).fields.get('id')!]!.name;
    },
  });
}

/** Shows the first rows as they would be stored. They are read apart from the import itself. */
async function preview(
  source: Source,
  toRow: ReturnType<typeof rowMaker>,
  app: string | undefined,
  say: (text: string) => void,
  now = Date.now,
) {
  for await (const row of source.first(SHOWN_ROWS)) {
    const it = readRow(toRow(row), app, now());
    // its fault is shown when the rows are counted
    if ('fault' in it) continue;
    const { bucket: _, ...shown } = it.installation;
    const refreshedAt = shown.refreshedAt === null ? null : new Date(shown.refreshedAt);
    say(`  ${redact(JSON.stringify({ ...shown, refreshedAt }))}\n`);
  }
}
