/** From rows to an audience of the API, and the path at which the API finds each row in it. */

import type { Field, Group, Item, Row } from './group.ts';

type Json = Record<string, unknown>;

interface Compiled {
  value: Json;
  /** by the id of a row or a group: its path, such as `or[1].language` */
  paths: [id: string, path: string][];
}

/** Fields whose value is a list. */
export const listFields: readonly Field[] = [
  'platform',
  'language',
  'country',
  'timeZone',
  'permission',
  'userIds',
  'installationIds',
  'tokens',
];

/** Fields that name an earlier campaign. */
const earlierFields: readonly Field[] = ['opened', 'notOpened'];

/**
 * A row without a value becomes a condition that the API refuses. It is never left out: that would
 * widen the audience.
 */
export function compile(group: Group): { audience: Json; paths: Map<string, string> } {
  const { value, paths } = ofGroup(group);
  return {
    audience: value,
    paths: new Map(paths.map(([id, path]) => [id, joined('audience', path)])),
  };
}

function ofGroup({ id, holds, items }: Group): Compiled {
  const parts = items.map(ofItem);
  if (holds === 'any') return within(id, 'or', listed(parts));
  if (holds === 'all') {
    if (canMerge(parts)) return { ...merged(parts), paths: [...merged(parts).paths, [id, '']] };
    return within(id, 'and', listed(parts));
  }
  const [only] = parts;
  if (parts.length <= 1) return within(id, 'not', only ?? { value: {}, paths: [] });
  return within(id, 'not', within('', 'or', listed(parts)));
}

function ofItem(item: Item): Compiled {
  if (item.kind === 'row') return ofRow(item);
  return item.items.length > 0 || item.holds !== 'all'
    ? ofGroup(item)
    : within(item.id, 'and', listed([]));
}

function ofRow(row: Row): Compiled {
  const value = { [row.field]: conditionOf(row) };
  const at = { value, paths: [[row.id, pathOf(row)]] as Compiled['paths'] };
  return row.op === 'not' ? { ...within('', 'not', at) } : at;
}

/** What an object holds under `key`, and the same for the paths in it. */
const within = (id: string, key: string, part: { value: unknown; paths: Compiled['paths'] }) => ({
  value: { [key]: part.value },
  paths: [
    ...part.paths.map(([inner, path]): [string, string] => [inner, joined(key, path)]),
    ...(id ? [[id, key] as [string, string]] : []),
  ],
});

const listed = (parts: Compiled[]) => ({
  value: parts.map(({ value }) => value),
  paths: parts.flatMap(({ paths }, i) =>
    paths.map(([id, path]): [string, string] => [id, joined(`[${i}]`, path)]),
  ),
});

const merged = (parts: Compiled[]): Compiled => ({
  value: Object.assign({}, ...parts.map(({ value }) => value)) as Json,
  paths: parts.flatMap(({ paths }) => paths),
});

function canMerge(parts: Compiled[]): boolean {
  const keys = parts.flatMap(({ value }) => Object.keys(value));
  return new Set(keys).size === keys.length;
}

const joined = (path: string, inner: string) =>
  inner === '' || inner.startsWith('[') ? path + inner : `${path}.${inner}`;

const pathOf = ({ field, name, op }: Row): string =>
  field === 'attributes' ? `attributes.${name}` : field === 'tags' ? `tags.${op}` : field;

function conditionOf({ field, op, name, value }: Row): unknown {
  if (field === 'everybody') return true;
  if (listFields.includes(field)) return listOf(value);
  if (field === 'tags') return { [op]: listOf(value) };
  if (earlierFields.includes(field)) return { campaign: value.trim() };
  if (field === 'lastSeen') return { [op]: op.endsWith('Days') ? scalarOf(value) : value };
  if (field !== 'attributes') return value;
  if (op === 'exists' || op === 'missing') return { [name]: { exists: op === 'exists' } };
  return { [name]: { [op]: op === 'in' ? listOf(value).map(scalarOf) : scalarOf(value) } };
}

/** Commas and line breaks separate; spaces around are no part of a value. */
export const listOf = (text: string): string[] =>
  text
    .split(/[,\n]/)
    .map((it) => it.trim())
    .filter((it) => it !== '');

const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** `10` is a number, `true` a truth value, `"10"` and all else a text. */
function scalarOf(text: string): unknown {
  const it = text.trim();
  if (NUMBER.test(it) && Number.isFinite(Number(it))) return Number(it);
  if (it === 'true' || it === 'false') return it === 'true';
  return it.length > 1 && it.startsWith('"') && it.endsWith('"') ? it.slice(1, -1) : it;
}

/** The text from which `scalarOf` makes the value. */
export const scalarText = (value: unknown): string =>
  typeof value === 'string' && scalarOf(value) !== value ? `"${value}"` : String(value);
