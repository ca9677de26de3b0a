/** `volley import`: shows what it will do, does it, and says what became of it. */

import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { Pruned } from '../../http/import/prune.ts';
import { redact } from '../../log.ts';
import type { Client } from '../client.ts';
import type { Io } from '../program.ts';
import { count, createProgress, createRate } from '../progress.ts';
import { Usage } from '../send.ts';
import { openFile } from './file.ts';
import { type Mapping, mappingOf, mappingText, readMap, rowMaker } from './mapping.ts';
import { isPostgres, openPostgres } from './postgres.ts';
import { type Fault, runImport } from './run.ts';
import type { Source } from './source.ts';
import { type Counts, openState } from './state.ts';

interface Options {
  query?: string;
  map?: [field: string, column: string][];
  orderBy?: string;
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

const SHOWN_FAULTS = 20;
const SHOWN_ROWS = 3;
/** Who answers no question is asked none. */
const ASK_MS = 10 * 60 * 1000;

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
    .argument('<source>', 'CSV with a header, NDJSON (*.ndjson, *.jsonl), or postgres://…')
    .option('--query <sql>', 'what to read of a database: a SELECT')
    .option('--map <field=column,…>', 'columns that are not guessed right; may be repeated', maps)
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
    if (options.dryRun) await preview(source, mapping, say);
    const app = options.app ?? (options.prune ? 'default' : undefined);
    const state = openState(
      [around.url(), app, source.identity, [...mapping.fields], options.prune === true],
      {
        restart: options.restart === true || options.dryRun === true,
        ...(io.env.VOLLEY_STATE && { folder: io.env.VOLLEY_STATE }),
      },
    );
    if (state.resumed && state.state.position)
      say(
        `going on after ${source.unit} ${count(state.state.position.rows)} (--restart begins anew)\n`,
      );
    const faults: Fault[] = [];
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
        ...{ client, source, mapping, app, state, signal: interrupt.signal, onProgress: seen },
        ...{ marks: options.prune === true, dryRun: options.dryRun === true },
        windowRows: options.window === undefined ? undefined : Number(options.window),
        onFault: (fault) => void (faults.length < SHOWN_FAULTS && faults.push(fault)),
      });
    } finally {
      progress?.stop();
      for (const { at, message } of faults) say(`${source.unit} ${at}: ${redact(message)}\n`);
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
    around.show(
      { ...counts, stored, faults: faults.map(asLine), ...(pruned !== null && { pruned }) },
      () =>
        options.dryRun
          ? `${count(stored)} good, ${count(counts.rejected)} with faults; nothing was stored`
          : summary(counts, pruned),
    );
  } finally {
    process.off('SIGINT', onSignal);
    await source.close();
  }
}

const asLine = ({ at, message }: Fault) => ({ line: at, message });

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

/** The first rows as they would be sent. Not by the source's own reading, which goes on from there. */
async function preview(source: Source, mapping: Mapping, say: (text: string) => void) {
  const toRow = rowMaker(mapping);
  const first = source.first(SHOWN_ROWS);
  for await (const row of first) say(`  ${redact(JSON.stringify(toRow(row)))}\n`);
}

function summary(counts: Counts, pruned: number | null): string {
  const { inserted, updated, unchanged, superseded, rejected } = counts;
  return [
    `${count(inserted)} new, ${count(updated)} changed, ${count(unchanged)} unchanged`,
    superseded > 0 && `${count(superseded)} replaced by later rows`,
    `${count(rejected)} rejected`,
    pruned !== null && `${count(pruned)} removed`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** How many were removed. */
async function prune(
  client: Client,
  app: string,
  run: string,
  counts: Counts,
  options: Options,
  { io, json, exit }: Surroundings,
): Promise<number> {
  const refuse = (why: string) => {
    io.stderr.write(`volley: nothing is pruned: ${why}\n`);
    exit(1);
    return 0;
  };
  if (counts.rejected > 0 && !options.force)
    return refuse(`${count(counts.rejected)} rows were rejected. Mend them, or add --force.`);
  const all = async (dryRun: boolean) => {
    let found = 0;
    for (let after: string | null = null; ; ) {
      const body = { app, run, after, dryRun };
      const part: Pruned = await client.post<Pruned>('/v1/installations:prune', body);
      found += part.found;
      after = part.next;
      if (after === null) return found;
    }
  };
  const found = await all(true);
  if (found === 0) return 0;
  const kept = counts.read - counts.rejected - counts.superseded;
  if (found > kept && !options.force)
    return refuse(
      `it would remove ${count(found)} and keep ${count(kept)}. If that is meant, add --force.`,
    );
  if (!options.yes) {
    if (json() || !process.stdin.isTTY)
      return refuse(`${count(found)} would be removed, and nobody can be asked. Add --yes.`);
    if (
      !(await agreed(`Remove ${count(found)} installations of "${app}" that the source has not?`))
    )
      return refuse('as you say.');
  }
  return all(false);
}

async function agreed(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const late = new AbortController();
  try {
    const answer = await Promise.race([
      lines.question(`${question} [y/N] `),
      delay(ASK_MS, '', { signal: late.signal }),
    ]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    late.abort();
    lines.close();
  }
}
