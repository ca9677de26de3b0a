/** From an audience of the API to rows; null for one that rows cannot say. */

import {
  type AudienceCondition,
  type AudiencePart,
  partsOf,
} from '../../../../model/audience/parts.ts';
import { listFields, scalarText } from './compile.ts';
import { fieldNames } from './fields.ts';
import { type Field, type Group, type Item, newId, noGroup, type Row } from './group.ts';

/** Rows that say the same, or null: then the audience is shown as JSON. */
export function decompile(audience: unknown): Group | null {
  const items = itemsOf(partsOf(audience));
  if (items === null) return null;
  const [only] = items;
  return items.length === 1 && only?.kind === 'group' ? only : noGroup('all', items);
}

function itemsOf(parts: AudiencePart[] | null): Item[] | null {
  const items = parts?.map(itemOf) ?? [null];
  return items.includes(null) ? null : (items as Item[]);
}

function itemOf(part: AudiencePart): Item | null {
  if (part.kind === 'condition') return rowOf(part);
  // an object without a condition is everybody, a group without a row is nothing yet
  const items = part.holds === 'all' && part.parts.length === 0 ? null : itemsOf(part.parts);
  return items && noGroup(part.holds, items);
}

function rowOf({ field, op, name, values }: AudienceCondition): Row | null {
  const value = typedFor(field as Field, op, values);
  if (value === null || !fieldNames.includes(field as Field)) return null;
  const isMissing = op === 'exists' && values[0] === false;
  return {
    kind: 'row',
    id: newId(),
    field: field as Field,
    op: isMissing ? 'missing' : op,
    name,
    value,
  };
}

/** What is typed for the values; null: that would not give the same. */
function typedFor(field: Field, op: string, values: unknown[]): string | null {
  if (field === 'everybody' || op === 'exists') return '';
  const isMany = field === 'tags' || listFields.includes(field) || op === 'in';
  if (!isMany && values.length !== 1) return null;
  if (field === 'attributes') {
    if (!values.every((it) => ['string', 'number', 'boolean'].includes(typeof it))) return null;
    const all = values.map(scalarText);
    return isMany ? listText(all) : all[0]!;
  }
  if (field === 'lastSeen') return String(values[0]);
  return isMany ? listText(values) : typeof values[0] === 'string' ? values[0] : null;
}

/** Null if a value has a comma or a space that the list would lose. */
function listText(all: unknown[]): string | null {
  const isSafe = all.every((it) => typeof it === 'string' && it === it.trim() && !/[,\n]/.test(it));
  return isSafe ? all.join(', ') : null;
}
