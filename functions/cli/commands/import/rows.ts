/** How the rows of a source become rows of an import: by the names of columns, or as another system's export. */

import { ABSENT } from '../../../import/absent.ts';
import type { Converted } from '../../../import/presets/convert.ts';
import { mappingOf, mappingText, rowMaker } from './mapping.ts';
import { type Moving, movingFrom } from './moving.ts';
import type { Options } from './options.ts';
import type { Source, SourceRow } from './source.ts';

/** Throws `Usage` if the columns do not fit. */
export function rowsOf(
  source: Source,
  { from, map = [], set = [], allOptedIn = false, ...rest }: Options,
): Moving {
  if (from !== undefined)
    return movingFrom(from, source.columns, { maps: map, constants: set, allOptedIn });
  const fixed = Object.fromEntries(set);
  const mapping = mappingOf(source.columns, map, Object.keys(fixed));
  const absent = rest.null ?? (source.isText ? ABSENT : null);
  const toRow = rowMaker(mapping, absent && new Set(absent));
  return {
    text: mappingText(mapping) + set.map((it) => constantText(...it)).join(''),
    identity: [[...mapping.fields], absent, set],
    toRows: (row: SourceRow): Converted[] => [{ row: Object.assign(toRow(row), fixed) }],
  };
}

const constantText = (field: string, value: string) => `  ${field.padEnd(12)} is ${value}\n`;
