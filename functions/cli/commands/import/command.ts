/** `volley import`: shows what it will do, does it, and says what became of it. */

import { type Command, Option } from 'commander';
import { ABSENT } from '../../../import/absent.ts';
import { readRow } from '../../../import/read-row.ts';
import { redact } from '../../../lib/redact.ts';
import { Usage } from '../../campaign-request.ts';
import type { Client } from '../../client.ts';
import type { Io } from '../../context.ts';
import { count, createProgress, createRate } from '../../progress.ts';
import { openFile } from './file.ts';
import { mappingOf, mappingText, readMap, rowMaker } from './mapping.ts';
import { isPostgres, openPostgres } from './postgres.ts';
import { prune } from './prune.ts';
import { runImport } from './run.ts';
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

/** What the command needs of the program around it. */
export interface Surroundings {
  io: Io;
  client(): Client;
  url(): string;
  json(): boolean;
  show(document: unknown, text: () => string): void;
  exit(code: 0 | 1): void;
}

const SHOWN_ROWS = 3;

const examples = `
Examples:
  volley import installations.csv --dry-run
  volley import dump.ndjson --map token=push_token,os=device
  volley import postgres://reader@db/shop --prune \\
    --query "select * from devices"
`;

export function importCommand(program: Command, it: Surroundings) {
  program
    .command('import')
    .argument('<source>', 'CSV with a header, NDJSON, or postgres://…')
    .option('--query <sql>', 'what to read of a database: a SELECT')
    .option('--map <field=column,…>', 'columns that are not guessed right; may be repeated', maps)
    .option('--null <text,…>', `texts that are no value (default: ${ABSENT.join(',')})`, texts)
    .option('--app <app>', 'the app of all its rows')
    .option('--order-by <column>', 'of a query: what to go on by (default: the column of the id)')
    .option('--no-resume', 'of a query: in no order, so it cannot go on after a stop')
    .option('--dry-run', 'show the mapping and the first rows, count the faults, store nothing')
    .option('--restart', 'from the beginning, whatever was left of an earlier run')
    .option('--prune', 'at the end remove what the source has not; asks first')
    .option('--yes', 'do not ask')
    .option('--force', 'prune though rows were rejected, or most would be removed')
    .option('--timeout <seconds>', 'of one statement of a query', '300')
    .addOption(new Option('--window <rows>', 'noted as done at once').hideHelp())
    .description('register the installations of a file or a database')
    .addHelpText('after', examples)
    .action((source: string, options: Options) => run(source, options, it));
}

const texts = (value: string, earlier: string[] = []) => [...earlier, ...value.split(',')];

const maps = (value: string, earlier: Options['map'] = []) => [...earlier, ...readMap(value)];

async function run(from: string, options: Options, around: Surroundings) {
  const { io, json, exit } = around;
  const client = around.client();
  const say = (text: string) => void (json() || io.stderr.write(text));
  const source = await open(from, options);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  try {
    const mapping = mappingOf(source.columns, options.map ?? []);
    say(`${source.name}\n${mappingText(mapping)}`);
    const app = options.app ?? (options.prune ? 'default' : undefined);
    const absent = options.null ?? (source.isText ? ABSENT : null);
    const toRow = rowMaker(mapping, absent && new Set(absent));
    if (options.dryRun) await preview(source, toRow, app, say);
    const state = openState(
      [around.url(), app, source.identity, [...mapping.fields], options.prune === true, absent],
      {
        restart: options.restart === true || options.dryRun === true,
        ...(io.env.VOLLEY_STATE && { folder: io.env.VOLLEY_STATE }),
      },
    );
    if (state.resumed && state.state.position)
      say(
        `going on after ${source.unit} ${count(state.state.position.rows)} (--restart begins anew)\n`,
      );
    const told = tellings(source.unit);
    const progress = json() ? null : createProgress(io.stderr);
    const rate = createRate();
    const before = state.state.counts.read;
    const seen = (counts: Counts) => {
      const { read, rejected } = counts;
      const words = rejected > 0 ? `${count(rejected)} rejected` : '';
      progress?.show({ done: read, total: source.total(read), rate: rate(read - before), words });
    };
    let counts: Counts;
    try {
      counts = await runImport({
        ...{ client, source, toRow, app, state, signal: interrupt.signal, onProgress: seen },
        ...{ marks: options.prune === true, dryRun: options.dryRun === true },
        windowRows: options.window === undefined ? undefined : Number(options.window),
        ...{ onFault: told.fault, onWarning: told.warning },
      });
    } finally {
      progress?.stop();
      say(told.text());
    }
    const pruned =
      options.prune && !options.dryRun && state.state.complete
        ? await prune(client, app!, state.state.run, counts, options, around)
        : null;
    if (state.state.complete) state.remove();
    else if (!options.dryRun) {
      const rows = state.state.position?.rows;
      say(
        rows
          ? `stopped; the same command goes on after ${source.unit} ${count(rows)}\n`
          : 'stopped; the same command begins again: what is stored already does no harm\n',
      );
      exit(1);
    }
    if (counts.read === counts.rejected) exit(1);
    const stored = counts.read - counts.rejected;
    around.show({ ...counts, stored, ...told.lists(), ...(pruned !== null && { pruned }) }, () =>
      summary(counts, { pruned, dryRun: options.dryRun === true }),
    );
  } finally {
    process.off('SIGINT', onSignal);
    await source.close();
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

/** The first rows as they would be stored. Not by the source's own reading, which goes on from there. */
async function preview(
  source: Source,
  toRow: ReturnType<typeof rowMaker>,
  app: string | undefined,
  say: (text: string) => void,
  now = Date.now,
) {
  for await (const row of source.first(SHOWN_ROWS)) {
    const it = readRow(toRow(row), app, now());
    // the count of the rows tells its fault
    if ('fault' in it) continue;
    const { bucket: _, ...shown } = it.installation;
    const refreshedAt = shown.refreshedAt === null ? null : new Date(shown.refreshedAt);
    say(`  ${redact(JSON.stringify({ ...shown, refreshedAt }))}\n`);
  }
}
