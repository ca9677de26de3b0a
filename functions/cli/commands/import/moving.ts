/** Imports of other systems' exports: checks that a preset fits, and shows what it does. */

import { type Converted, converter } from '../../../import/presets/convert.ts';
import { type Preset, type Rule, TRUTH } from '../../../import/presets/preset.ts';
import { presets } from '../../../import/presets/presets.ts';
import { rowFields } from '../../../import/read-row.ts';
import { quoted } from '../../../lib/redact.ts';
import { fold } from '../../format.ts';
import { Usage } from '../../usage.ts';
import { listed } from './mapping.ts';
import type { Column, SourceRow } from './source.ts';

interface Adapted {
  /** FIELD=COLUMN of --map; an empty column leaves the field out */
  maps: [field: string, column: string][];
  /** FIELD=VALUE of --set */
  constants: [field: string, value: string][];
  /** true if it was confirmed that all devices may be pushed to */
  allOptedIn: boolean;
}

export interface Moving {
  /** the columns, their values and the rows that are skipped, for people */
  text: string;
  toRows(row: SourceRow): Converted[];
  /** changes when rows are read in another way */
  identity: unknown;
}

/** Throws `Usage`, which names every fault, if the columns are not those of the system. */
export function movingFrom(system: string, columns: Column[], adapted: Adapted): Moving {
  const preset = adaptedPreset(presets.find(({ name }) => name === system)!, adapted);
  const faults = faultsOf(preset, columns, adapted);
  if (faults.length > 0)
    throw new Usage(
      `this cannot be imported from ${preset.title}:\n  ${faults.join('\n  ')}\n` +
        `  there are ${listed(columns)}`,
    );
  const index = new Map(columns.map(({ name }, at) => [name, at]));
  const convert = converter(preset);
  return {
    text: movingText(preset, columns),
    identity: preset,
    toRows: ({ cells, more }) =>
      convert((column) => {
        const at = index.get(column);
        return at === undefined ? more?.[column] : cells[at];
      }),
  };
}

function adaptedPreset(preset: Preset, { maps, constants }: Adapted): Preset {
  const replaced = new Set([...maps, ...constants].map(([field]) => field));
  const mapped = maps
    .filter(([, column]) => column !== '')
    .map(([field, column]) => ruleOf(field, column));
  return {
    ...preset,
    constants: { ...preset.constants, ...Object.fromEntries(constants) },
    rules: [...preset.rules.filter(({ field }) => !replaced.has(field)), ...mapped],
  };
}

const ruleOf = (field: string, column: string): Rule => ({
  field,
  from: [column],
  ...(field === 'optedOut' && { values: TRUTH }),
});

const needed = ['id', 'platform', 'token'];

function faultsOf(preset: Preset, columns: Column[], { maps, allOptedIn }: Adapted): string[] {
  const has = hasColumn(columns);
  const missing = preset.knownBy.filter((it) => !has(it));
  if (missing.length > 0) {
    const other = presets.find(({ knownBy }) => knownBy.length > 0 && knownBy.every(has));
    const hint = other ? `; they look like those of ${other.title}: --from ${other.name}` : '';
    return [
      `its exports have ${missing.map((it) => `"${it}"`).join(', ')}, and this has not${hint}`,
    ];
  }
  const faults: string[] = [];
  for (const [field, column] of maps)
    if (column !== '' && !has(column))
      faults.push(`${field}: there is no column "${quoted(column)}"`);
  const given = (field: string) =>
    Object.hasOwn(preset.constants ?? {}, field) ||
    preset.rules.some((it) => it.field === field && it.from.some(has));
  for (const field of needed)
    if (!given(field)) faults.push(`${field}: no column looks like it; say --map ${field}=COLUMN`);
  const saysOptOut =
    preset.optOut.columns.some(has) ||
    Object.hasOwn(preset.constants ?? {}, 'optedOut') ||
    maps.some(([field, column]) => field === 'optedOut' && has(column));
  if (!saysOptOut && !allOptedIn)
    faults.push(
      `no column says who has opted out, and they would be pushed to: ${preset.optOut.missing}. ` +
        'If all have opted in: --all-opted-in',
    );
  return faults;
}

/** Whether there is a column of that name, or one that a path begins with. */
function hasColumn(columns: Column[]) {
  const names = new Set(columns.map(({ name }) => name));
  return (path: string) => names.has(path) || names.has(path.split('.', 1)[0]!);
}

function movingText(preset: Preset, columns: Column[]): string {
  const { title, source, unverified, rules, skips, constants = {} } = preset;
  const has = hasColumn(columns);
  const lines = [`${title}: ${source}`];
  if (unverified) lines.push(`not verified: ${unverified}`);
  const used = rules.filter(({ from }) => from.some(has));
  const order = [...rowFields, ...used.map(({ field }) => field)];
  for (const field of new Set(order)) {
    if (Object.hasOwn(constants, field)) lines.push(`${field.padEnd(12)} is ${constants[field]}`);
    else
      for (const rule of used)
        if (rule.field === field) lines.push(`${field.padEnd(12)} from ${ruleText(rule, has)}`);
  }
  for (const { from, words } of skips.filter((it) => has(it.from)))
    lines.push(`${'skipped'.padEnd(12)} by ${from}: ${pairs(words)}`);
  const paths = [...rules, ...skips].flatMap(({ from }) => from);
  const left = columns.filter(
    ({ name }) => !paths.some((it) => it === name || it.startsWith(`${name}.`)),
  );
  if (left.length > 0) lines.push(`not imported: ${listed(left)}`);
  return lines.map((it) => `${fold(`  ${it}`, 4)}\n`).join('');
}

function ruleText({ from, values, below, without, before }: Rule, has: (path: string) => boolean) {
  const meaning = values
    ? `: ${pairs(values)}`
    : below !== undefined
      ? `: true below ${below}`
      : without !== undefined
        ? ` without ${without}`
        : before !== undefined
          ? ` before "${before}"`
          : '';
  return `${from
    .filter(has)
    .map((it) => quoted(it))
    .join(' or ')}${meaning}`;
}

/** `0 = ios; 1 = android`; `5, 7 = web push` where several values mean the same. */
const pairs = (values: Readonly<Record<string, string | boolean>>) =>
  [...Map.groupBy(Object.keys(values), (it) => values[it]!)]
    .map(([meaning, keys]) =>
      keys.join() === meaning ? meaning : `${keys.join(', ')} = ${meaning}`,
    )
    .join('; ');
