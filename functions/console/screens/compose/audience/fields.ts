/** What a condition can be about: its operators, and how its value is given. */

import { texts } from '../../../texts/texts.ts';
import { type Field, newId, type Row } from './group.ts';

interface FieldKind {
  /** operators, the usual one first; the words are in the texts */
  ops: readonly string[];
  /** the values of a field that has few */
  values?: readonly string[];
  /** only at the outermost level */
  isOuter?: boolean;
}

const LIST = ['is', 'not'] as const;
const ONE = ['is'] as const;

export const fieldKinds: Record<Field, FieldKind> = {
  everybody: { ops: ONE, isOuter: true },
  language: { ops: LIST },
  platform: { ops: LIST, values: ['ios', 'android', 'web'] },
  tags: { ops: ['any', 'all', 'none'] },
  segment: { ops: LIST },
  opened: { ops: LIST },
  notOpened: { ops: LIST },
  attributes: {
    ops: ['=', '!=', '<', '<=', '>', '>=', 'in', 'exists', 'missing'],
  },
  country: { ops: LIST },
  timeZone: { ops: LIST },
  lastSeen: { ops: ['withinDays', 'notWithinDays', 'after', 'before'] },
  appVersion: { ops: LIST },
  permission: { ops: LIST, values: ['granted', 'provisional', 'denied'] },
  userIds: { ops: LIST },
  installationIds: { ops: LIST },
  tokens: { ops: LIST },
  upload: { ops: ONE, isOuter: true },
  topic: { ops: ONE, isOuter: true },
  condition: { ops: ONE, isOuter: true },
};

export const fieldNames = Object.keys(fieldKinds) as Field[];

export const newRow = (field: Field): Row => ({
  kind: 'row',
  id: newId(),
  field,
  op: fieldKinds[field].ops[0]!,
  name: '',
  value: '',
});

const { ops } = texts.compose.audience;

/** The words of the operators of a field, by operator. */
export const opsOf = (field: Field): Record<string, string> =>
  Object.fromEntries(
    fieldKinds[field].ops.map((it) => [it, (ops as Record<string, string>)[it] ?? it]),
  );

export const hasValue = ({ field, op }: Row): boolean =>
  field !== 'everybody' && op !== 'exists' && op !== 'missing';
