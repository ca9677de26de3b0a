/** Turns a row of another system's export into rows of an import. */

import { quoted } from '../../lib/redact.ts';
import type { Preset, Rule, Skip } from './preset.ts';
import { asText, type Cells, valueAt, withoutLists } from './values.ts';

/** A row as the API takes it, or why there is none. */
export type Converted =
  | { row: Record<string, unknown> }
  /** it is no device that can be pushed to; the word says what it is */
  | { skipped: string }
  | { fault: string };

/** A function that gives what a row has: one, or one for each device in its list. */
export function converter(preset: Preset): (cells: Cells) => Converted[] {
  const { each } = preset;
  const skips = preset.skips.map(readySkip);
  const rules = preset.rules.map(readyRule);
  const one = (cells: Cells) => convert(cells, preset.constants ?? {}, skips, rules);
  if (each === undefined) return (cells) => [one(cells)];
  return (cells) => {
    const list = cells(each);
    if (list === undefined || list === null) return [WITHOUT_TOKEN];
    if (!Array.isArray(list)) return [{ fault: `${each}: is no list` }];
    if (list.length === 0) return [WITHOUT_TOKEN];
    return list.map((item) => one((column) => (column === each ? item : cells(column))));
  };
}

const WITHOUT_TOKEN: Converted = { skipped: 'without a token' };

type Ready<T> = (cells: Cells) => T;

function convert(
  cells: Cells,
  constants: Readonly<Record<string, string>>,
  skips: Ready<string | undefined>[],
  rules: { field: string; read: Ready<unknown> }[],
): Converted {
  for (const skip of skips) {
    const skipped = skip(cells);
    if (skipped !== undefined) return { skipped };
  }
  const row: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const { field, read } of rules) {
    const value = read(cells);
    if (value instanceof Fault) faults.push(`${field}: ${value.message}`);
    else if (value !== undefined) row[field] = joined(field, row[field], value);
  }
  if (row.token === undefined) return WITHOUT_TOKEN;
  if (faults.length > 0) return { fault: faults.join('; ') };
  return { row: Object.assign(row, constants) };
}

/** The value of a field that an earlier rule may have given. */
function joined(field: string, before: unknown, value: unknown): unknown {
  if (before === undefined) return value;
  if (field === 'optedOut') return before === true || value === true;
  if (field !== 'attributes' || typeof before !== 'object' || typeof value !== 'object')
    return before;
  return { ...before, ...value };
}

/** Why a value means nothing. */
class Fault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

function readySkip({ from, words }: Skip): Ready<string | undefined> {
  const known = lowered(words);
  return (cells) => known.get(asText(valueAt(cells, from))?.toLowerCase() ?? '');
}

const lowered = <T>(values: Readonly<Record<string, T>>) =>
  new Map(Object.entries(values).map(([value, meaning]) => [value.toLowerCase(), meaning]));

function readyRule(rule: Rule): { field: string; read: Ready<unknown> } {
  const { field, from, values, below, without, before } = rule;
  const known = values && lowered(values);
  const meaning = (value: unknown): unknown => {
    if (field === 'attributes') return withoutLists(value);
    if (field === 'tags') return value;
    const text = asText(value);
    if (text === null) return new Fault('is a list or an object');
    if (known) return known.has(text.toLowerCase()) ? known.get(text.toLowerCase()) : unknown(text);
    if (below !== undefined)
      return Number.isNaN(Number(text)) ? unknown(text) : Number(text) < below;
    if (without !== undefined && text.startsWith(without)) return text.slice(without.length);
    return before === undefined ? text : text.split(before, 1)[0];
  };
  const unknown = (text: string) => new Fault(`"${quoted(text)}" in ${from[0]} is not known`);
  return {
    field,
    read(cells) {
      for (const path of from) {
        const value = valueAt(cells, path);
        if (value !== undefined) return meaning(value);
      }
      return undefined;
    },
  };
}
