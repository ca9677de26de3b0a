/** From an audience of the API to rows; null for one that rows cannot say. */

import { earlierFields, listFields, scalarText } from './compile.ts';
import {
  type Field,
  type Group,
  type Holds,
  type Item,
  newId,
  noGroup,
  type Row,
} from './group.ts';

type Json = Record<string, unknown>;

/** Rows that say the same, or null: then the audience is shown as JSON. */
export function decompile(audience: unknown): Group | null {
  const items = itemsOf(audience);
  if (items === null) return null;
  const [only] = items;
  return items.length === 1 && only?.kind === 'group' ? only : noGroup('all', items);
}

function itemsOf(value: unknown): Item[] | null {
  if (!isObject(value)) return null;
  return flat(Object.entries(value).map(([key, inner]) => itemsAt(key, inner)));
}

function itemsAt(key: string, value: unknown): Item[] | null {
  if (key === 'and' || key === 'or') {
    const group = groupOf(key === 'and' ? 'all' : 'any', value);
    return group && [group];
  }
  if (key !== 'not') return rowsOf(key, value);
  if (isObject(value) && Object.keys(value).join() === 'or') {
    const group = groupOf('none', value.or);
    return group && [group];
  }
  const item = itemOf(value);
  if (item === null) return null;
  const isPlain = item.kind === 'row' && item.op === 'is';
  return isPlain ? [{ ...item, op: 'not' }] : [noGroup('none', [item])];
}

/** One item that says what the object says. */
function itemOf(value: unknown): Item | null {
  const items = itemsOf(value);
  if (items === null || items.length === 0) return null;
  return items.length === 1 ? items[0]! : noGroup('all', items);
}

function groupOf(holds: Holds, list: unknown): Group | null {
  const items = Array.isArray(list) ? list.map(itemOf) : [null];
  return items.includes(null) ? null : noGroup(holds, items as Item[]);
}

const row = (field: Field, op: string, value: string, name = ''): Row => ({
  kind: 'row',
  id: newId(),
  field,
  op,
  name,
  value,
});

/** Fields with one text, or without a value. */
const texts: readonly string[] = ['appVersion', 'segment', 'upload', 'topic', 'condition'];

function rowsOf(key: string, value: unknown): Item[] | null {
  if (key === 'everybody') return value === true ? [row('everybody', 'is', '')] : null;
  if (texts.includes(key) && typeof value === 'string') return [row(key as Field, 'is', value)];
  if (listFields.includes(key as Field)) {
    const text = listText(value);
    return text === null ? null : [row(key as Field, 'is', text)];
  }
  if (key === 'tags' && !isObject(value)) return rowsOf(key, { any: value });
  if (!isObject(value)) return null;
  if (key === 'tags')
    return flat(
      Object.entries(value).map(([op, list]) => {
        const text = listText(list);
        return text === null ? null : [row('tags', op, text)];
      }),
    );
  if (earlierFields.includes(key as Field)) {
    const { campaign, ...others } = value;
    const isPlain = typeof campaign === 'string' && Object.keys(others).length === 0;
    return isPlain ? [row(key as Field, 'is', campaign)] : null;
  }
  if (key === 'lastSeen')
    return Object.entries(value).map(([op, it]) => row('lastSeen', op, String(it)));
  if (key === 'attributes')
    return flat(Object.entries(value).map(([name, it]) => attributeRows(name, it)));
  return null;
}

function attributeRows(name: string, value: unknown): Item[] | null {
  if (!isObject(value)) return attributeRows(name, { '=': value });
  return flat(
    Object.entries(value).map(([op, it]) => {
      if (op === 'exists') return [row('attributes', it ? 'exists' : 'missing', '', name)];
      if (op !== 'in') return [row('attributes', op, scalarText(it), name)];
      const text = Array.isArray(it) ? listText(it.map(scalarText)) : null;
      return text === null ? null : [row('attributes', op, text, name)];
    }),
  );
}

/** Null if a value has a comma or a space that the list would lose. */
function listText(value: unknown): string | null {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  const isSafe = all.every((it) => typeof it === 'string' && it === it.trim() && !/[,\n]/.test(it));
  return isSafe ? all.join(', ') : null;
}

const flat = (all: (Item[] | null)[]): Item[] | null =>
  all.includes(null) ? null : (all as Item[][]).flat();

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
