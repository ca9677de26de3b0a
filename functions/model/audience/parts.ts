/**
 * An audience as a tree of conditions, for what writes it in words: reports, the console's screens and
 * the rows of its form. Without imports, so that the console may take it along.
 */

export interface AudienceGroup {
  kind: 'group';
  /** how many of the parts hold */
  holds: 'all' | 'any' | 'none';
  parts: AudiencePart[];
}

export interface AudienceCondition {
  kind: 'condition';
  field: string;
  /** `is`, `not` (which is `is` turned round), or an operator as requests name it: `any`, `<=`, `withinDays` */
  op: string;
  /** of an attribute, else '' */
  name: string;
  /** one of them, or all that the operator compares with; [] for `everybody` */
  values: unknown[];
}

export type AudiencePart = AudienceGroup | AudienceCondition;

type Json = Record<string, unknown>;

/** The parts, which must all hold; [] for an audience without a condition; null for what is no audience. */
export function partsOf(audience: unknown): AudiencePart[] | null {
  if (!isObject(audience)) return null;
  const given = Object.entries(audience).filter(([, value]) => value !== undefined);
  return flat(given.map(([field, value]) => partsAt(field, value)));
}

function partsAt(field: string, value: unknown): AudiencePart[] | null {
  if (field === 'and') return groupOf('all', value);
  if (field === 'or') return groupOf('any', value);
  if (field !== 'not') return conditionsOf(field, value);
  if (isObject(value) && Object.keys(value).join() === 'or') return groupOf('none', value.or);
  const part = partOf(value);
  if (part === null) return null;
  const isPlain = part.kind === 'condition' && part.op === 'is' && part.field !== 'everybody';
  return isPlain ? [{ ...part, op: 'not' }] : [{ kind: 'group', holds: 'none', parts: [part] }];
}

/** One part that says what the object says. */
function partOf(value: unknown): AudiencePart | null {
  const parts = partsOf(value);
  if (parts === null) return null;
  return parts.length === 1 ? parts[0]! : { kind: 'group', holds: 'all', parts };
}

function groupOf(holds: AudienceGroup['holds'], value: unknown): AudienceGroup[] | null {
  const parts = Array.isArray(value) ? value.map(partOf) : [null];
  return parts.includes(null) ? null : [{ kind: 'group', holds, parts: parts as AudiencePart[] }];
}

function conditionsOf(field: string, value: unknown): AudienceCondition[] | null {
  const condition = (op: string, values: unknown[], name = ''): AudienceCondition => ({
    kind: 'condition',
    field,
    op,
    name,
    values,
  });
  const perOperator = (it: Json, name = '') =>
    Object.entries(it).flatMap(([op, operand]) =>
      operand === undefined ? [] : condition(op, listOf(operand), name),
    );
  if (field === 'everybody') return value === true ? [condition('is', [])] : null;
  if (field === 'attributes') {
    if (!isObject(value)) return null;
    return Object.entries(value).flatMap(([name, it]) =>
      isObject(it) ? perOperator(it, name) : condition('=', [it], name),
    );
  }
  if (field === 'opened' || field === 'notOpened') {
    const isPlain = isObject(value) && Object.keys(value).join() === 'campaign';
    return isPlain ? [condition('is', [value.campaign])] : null;
  }
  if (field === 'lastSeen') return isObject(value) ? perOperator(value) : null;
  if (!isObject(value)) return [condition(field === 'tags' ? 'any' : 'is', listOf(value))];
  // what tokens without an installation are has several fields
  return field === 'tags' ? perOperator(value) : [condition('is', Object.values(value))];
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

const flat = <T>(all: (T[] | null)[]): T[] | null =>
  all.includes(null) ? null : (all as T[][]).flat();

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
