/** The options of `volley import`. */

import { type Command, Option } from 'commander';
import { ABSENT } from '../../../import/absent.ts';
import { presets } from '../../../import/presets/presets.ts';
import { Usage } from '../../usage.ts';
import { readPairs } from './mapping.ts';

export interface Options {
  query?: string;
  from?: string;
  map?: [field: string, column: string][];
  set?: [field: string, value: string][];
  allOptedIn?: boolean;
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

/** Adds the options to the command. */
export const importOptions = (command: Command) =>
  command
    .option('--query <sql>', 'the SELECT that reads from a database')
    .addOption(
      new Option('--from <system>', 'an export of another push system, as it is').choices(
        presets.map(({ name }) => name),
      ),
    )
    .option('--map <field=column,…>', 'columns that are not recognised; may be repeated', maps)
    .option('--set <field=value,…>', 'fields that all rows have; may be repeated', constants)
    .option('--all-opted-in', 'with --from: import, although no column says who opted out')
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
    );

/** Throws `Usage` if options do not go together. */
export function checkOptions({ from, allOptedIn, null: absent }: Options) {
  if (from === undefined && allOptedIn) throw new Usage('--all-opted-in goes with --from');
  if (from !== undefined && absent) throw new Usage('--null does not go with --from');
}

const texts = (value: string, earlier: string[] = []) => [...earlier, ...value.split(',')];

const maps = (value: string, earlier: Options['map'] = []) => [
  ...earlier,
  ...readPairs('--map', value),
];

function constants(value: string, earlier: NonNullable<Options['set']> = []) {
  const more = readPairs('--set', value);
  for (const [field] of more)
    if (field === 'id' || field === 'token')
      throw new Usage(`--set: ${field} differs from device to device; say --map ${field}=COLUMN`);
  return [...earlier, ...more];
}
