/** Maps the columns of a source to the fields of an installation: by their names, or by --map. */

import { textCell } from '../../../import/absent.ts';
import { rowFields } from '../../../import/read-row.ts';
import { quoted } from '../../../lib/redact.ts';
import { Usage } from '../../usage.ts';
import { kinds } from './column-types.ts';
import type { Column, SourceRow } from './source.ts';

interface Mapping {
  columns: Column[];
  /** the index of a field's column */
  fields: Map<string, number>;
}

/** Names of columns, the likeliest first; only letters and digits, in lower case. */
const names: Record<string, string[]> = {
  id: ['id', 'installationid', 'deviceid', 'deviceuuid', 'uuid'],
  app: ['app', 'appname', 'application'],
  platform: ['platform', 'os', 'devicetype', 'deviceos', 'ostype', 'deviceplatform'],
  provider: ['provider', 'pushprovider'],
  token: [
    ...['token', 'devicetoken', 'pushtoken', 'registrationid', 'registrationtoken'],
    ...['fcmtoken', 'apnstoken', 'gcmtoken'],
  ],
  environment: ['environment', 'apnsenvironment'],
  language: ['language', 'lang', 'locale', 'preferredlanguage', 'languagecode'],
  timeZone: ['timezone', 'tz', 'tzname', 'timezonename'],
  country: ['country', 'countrycode', 'region'],
  appVersion: ['appversion', 'version', 'clientversion'],
  userId: ['userid', 'user', 'uid', 'customerid', 'accountid', 'memberid'],
  optedOut: ['optedout', 'optout', 'unsubscribed', 'pushoptout'],
  optedOutOf: ['optedoutof', 'optedoutcategories', 'unsubscribedfrom'],
  permission: [
    ...['permission', 'pushpermission', 'notificationpermission', 'permissionstatus'],
    ...['authorizationstatus', 'pushenabled', 'notificationsenabled'],
  ],
  tags: ['tags', 'labels', 'topics'],
  attributes: ['attributes', 'properties', 'props', 'metadata', 'attrs'],
  refreshedAt: ['refreshedat', 'lastseen', 'lastseenat', 'lastactive', 'lastactiveat', 'updatedat'],
};

const needed = ['id', 'platform', 'token'];

const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/**
 * Reads `token=push_token,os=device`; `option` is named in faults. An empty column leaves the field out.
 * Throws `Usage`.
 */
export function readPairs(option: string, text: string): [field: string, right: string][] {
  return text.split(',').map((part) => {
    const [left = '', ...right] = part.split('=');
    const field = fieldNamed(left.trim());
    if (!field || right.length === 0)
      throw new Usage(
        `${option}: "${part.trim()}" is not FIELD=…; fields are ${rowFields.join(', ')}, attributes.NAME`,
      );
    return [field, right.join('=').trim()];
  });
}

function fieldNamed(name: string): string | undefined {
  if (/^attributes\../.test(name)) return name;
  const found = Object.entries(names).find(([, all]) => all.includes(plain(name)));
  return rowFields.find((it) => plain(it) === plain(name)) ?? found?.[0];
}

/**
 * The mapping; `said` comes before names, and fields of `fixed` have no column. Throws `Usage`, which
 * names every fault.
 */
export function mappingOf(
  columns: Column[],
  said: [field: string, column: string][],
  fixed: readonly string[] = [],
): Mapping {
  const faults: string[] = [];
  const fields = new Map<string, number>();
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name)) faults.push(`the column "${quoted(name)}" is there twice`);
    seen.add(name);
  }
  const find = (name: string) => {
    const exact = columns.findIndex((it) => it.name === name);
    return exact >= 0
      ? exact
      : columns.findIndex((it) => it.name.toLowerCase() === name.toLowerCase());
  };
  const taken = new Set<number>();
  const out = new Set(fixed);
  for (const [field, name] of said) {
    const index = find(name);
    if (name === '') out.add(field);
    else if (index < 0) faults.push(`${field}: there is no column "${quoted(name)}"`);
    else {
      fields.set(field, index);
      taken.add(index);
    }
  }
  for (const [index, { name }] of columns.entries())
    if (/^attributes\../.test(name) && !taken.has(index) && !out.has(name)) fields.set(name, index);
  for (const [field, likely] of Object.entries(names)) {
    if (fields.has(field) || out.has(field)) continue;
    for (const name of likely) {
      const index = columns.findIndex((it, i) => plain(it.name) === name && !taken.has(i));
      if (index < 0) continue;
      fields.set(field, index);
      taken.add(index);
      break;
    }
  }
  for (const field of needed)
    if (!fields.has(field) && !fixed.includes(field))
      faults.push(`${field}: no column looks like it; say --map ${field}=COLUMN`);
  for (const [field, index] of fields) {
    const { name, type } = columns[index]!;
    const taken = kinds(field);
    if (type !== null && !taken.types.test(type))
      faults.push(
        `${field}: the column "${quoted(name)}" is of the type ${type}; ${taken.needed} is needed`,
      );
  }
  if (faults.length > 0)
    throw new Usage(
      `the columns do not fit:\n  ${faults.slice(0, MAX_LISTED).join('\n  ')}\n` +
        `  there are ${listed(columns)}`,
    );
  return { columns, fields };
}

const MAX_LISTED = 30;

/** The names of the columns; the first ones if a file without a header seems to have thousands. */
export function listed(columns: Column[]): string {
  const names = columns.slice(0, MAX_LISTED).map(({ name }) => quoted(name));
  const more = columns.length - names.length;
  return `${names.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

/**
 * A function that puts the cells of a row under the names of their fields, for the API to read.
 * `absent`: the texts that stand for no value; null if every text is a value.
 */
export function rowMaker({ fields }: Mapping, absent: ReadonlySet<string> | null) {
  const all = [...fields];
  return ({ cells, more }: SourceRow): Record<string, unknown> => {
    const row: Record<string, unknown> = more ? { ...more } : {};
    for (const [field, index] of all) {
      const raw = cells[index];
      const cell = absent && typeof raw === 'string' ? textCell(field, raw, absent) : raw;
      if (cell !== null && cell !== undefined && cell !== '') row[field] = cell;
    }
    return row;
  };
}

/** Each field with its column, and the columns that are left out, for people. */
export function mappingText({ columns, fields }: Mapping): string {
  const order = [...rowFields, ...[...fields.keys()].filter((it) => it.startsWith('attributes.'))];
  const lines = order
    .filter((it) => fields.has(it))
    .map((field) => {
      const { name, type } = columns[fields.get(field)!]!;
      return `  ${field.padEnd(12)} from ${quoted(name)}${type === null ? '' : ` (${type})`}`;
    });
  const used = new Set(fields.values());
  const left = columns.filter((_, index) => !used.has(index));
  if (left.length > 0) lines.push(`  not imported: ${listed(left)}`);
  return `${lines.join('\n')}\n`;
}
