/** An installation of an audience as it was read, from a document or a page. */

import type { Matchable } from '../../../model/audience/matches.ts';
import type { Carried, Installation, Reached } from '../../../model/installation.ts';
import type { Audience } from '../../../model/schemas/audience.ts';
import type { AudienceRead } from '../../../ports/ports.ts';
import type { InstallationFields } from '../schema.ts';

/** What was not read is not there; what an audience says nothing about is not looked at. */
export type Row = Matchable &
  Pick<Installation, 'provider' | 'environment'> &
  Partial<Pick<Installation, 'bucket'>>;

/** Those of an installation's fields that a row has, whatever was read of it. */
type Fields = Omit<InstallationFields, 'optedOut'> & { optedOut?: true };

/** Most installations have none: an object for each of 100,000 rows would be garbage to collect. */
const NO_ATTRIBUTES = Object.freeze({});

/** The attributes are parsed in place: the fields are no longer what they were. */
export function toRow(id: string, fields: Fields): Row {
  const row = fields as unknown as Row & { attributes: unknown };
  row.id = id;
  row.attributes = fields.attributes === undefined ? NO_ATTRIBUTES : JSON.parse(fields.attributes);
  return row;
}

export function toReached(row: Row, carried: readonly Carried[]): Reached {
  const { id, provider, environment, token } = row;
  const reached: Reached = { id, provider, environment, token };
  const fields = reached as unknown as Record<string, unknown>;
  for (const name of carried) fields[name] = row[name];
  return reached;
}

/** Read of each installation. */
const ALWAYS = ['provider', 'environment', 'token', 'optedOut'] as const;

/** The fields that have to be read. */
export const fieldsFor = ({
  audience,
  carried = [],
  movedSince,
}: Pick<AudienceRead, 'audience' | 'carried' | 'movedSince'>): string[] => [
  ...new Set([
    ...ALWAYS,
    ...fieldsOf(audience),
    ...(movedSince === undefined ? [] : ['movedAt']),
    ...carried,
  ]),
];

/** Whether it has changed its time zone then (ms) or later; true of all, if nothing is asked. */
export const hasMoved = ({ movedAt = 0 }: Pick<Row, 'movedAt'>, since: number | undefined) =>
  since === undefined || movedAt >= since;

/** Conditions that need no field besides those that are always read. */
const NO_FIELD = new Set(['installationIds', 'tokens', 'opened', 'notOpened']);

/** What `matches` looks at of an installation. */
function fieldsOf({ and = [], or = [], not, ...own }: Audience): string[] {
  const named: Record<string, string> = {
    userIds: 'userId',
    lastSeen: 'refreshedAt',
    category: 'optedOutOf',
  };
  return [
    ...Object.keys(own).filter((it) => !NO_FIELD.has(it)),
    ...[...and, ...or, ...(not ? [not] : [])].flatMap(fieldsOf),
  ].map((it) => named[it] ?? it);
}
