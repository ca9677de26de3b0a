/**
 * Reads a row of an import as an installation. A row is refused only for a fault in its id, its app, its
 * platform or its token, or in what it has opted out of: stored without that, it would be sent to. A fault in
 * any other cell is a warning, and the installation is stored without that cell.
 */

import { quoted } from '../lib/redact.ts';
import { bucketOf } from '../model/bucket.ts';
import { defaultProvider } from '../model/provider/registry.ts';
import { registrationSchema } from '../model/schemas/registration.ts';
import type { ImportedInstallation } from '../ports/ports.ts';
import * as cells from './cells.ts';
import { CellFault } from './cells.ts';
import {
  type Attributes,
  readAttributes,
  readCategories,
  readTags,
  withAttributes,
} from './collections.ts';
import * as identity from './identity.ts';

/** The fields of a row, which are the columns of a CSV. `attributes.NAME` is allowed as well. */
export const rowFields = ['id', ...Object.keys(registrationSchema.shape), 'refreshedAt'];
const known: ReadonlySet<string> = new Set(rowFields);

export const ATTRIBUTE = 'attributes.';

type ReadRow =
  /** `warning`: the cells that are left out and why, in one line; null if there are none */
  { installation: ImportedInstallation; warning: string | null } | { fault: string };

type Cells = Record<string, unknown>;
type Tell = (path: string, message: string) => void;

/** `app`: the app of all rows; undefined if each row may name its own. `now`: ms since 1970. */
export function readRow(row: Cells, app: string | undefined, now: number): ReadRow {
  const faults: string[] = [];
  const warnings: string[] = [];
  const tell: Tell = (path, message) => warnings.push(`${quoted(path)}: ${message}`);
  const read = <T>(field: string, of: (cell: unknown) => T | CellFault): T | undefined => {
    const cell = row[field];
    if (isAbsent(cell)) return undefined;
    const it = of(cell);
    if (!(it instanceof CellFault)) return it;
    tell(field, it.message);
    return undefined;
  };
  const must = <T>(field: string, of: (cell: unknown) => T | CellFault): T | undefined =>
    isAbsent(row[field]) ? undefined : need(field, of);
  const need = <T>(field: string, of: (cell: unknown) => T | CellFault): T | undefined => {
    const cell = row[field];
    const it = isAbsent(cell) ? MISSING : of(cell);
    if (!(it instanceof CellFault)) return it;
    faults.push(`${field}: ${it.message}`);
    return undefined;
  };

  const id = need('id', identity.id);
  const itsApp = isAbsent(row.app) ? (app ?? 'default') : need('app', identity.appOf(app));
  const platform = need('platform', identity.platform);
  const named = read('provider', identity.providerOf(platform));
  const provider = named ?? defaultProvider(platform ?? 'android');
  const token = need('token', identity.tokenOn(platform, provider));
  const { tags, attributes } = collections(row, tell);
  const rest = {
    environment: read('environment', cells.environment) ?? 'production',
    language: read('language', cells.language),
    timeZone: read('timeZone', cells.timeZone),
    country: read('country', cells.country),
    appVersion: read('appVersion', cells.appVersion),
    userId: read('userId', cells.userId),
    optedOut: must('optedOut', cells.truth),
    optedOutOf: must('optedOutOf', readCategories),
    permission: read('permission', cells.permission),
    refreshedAt: read('refreshedAt', cells.refreshedAt(now)) ?? null,
  };
  const isNamed = id !== undefined && itsApp !== undefined;
  if (!isNamed || platform === undefined || token === undefined || faults.length > 0)
    return { fault: inOneLine([...faults, ...warnings]) };
  return {
    installation: {
      id,
      app: itsApp,
      platform,
      provider,
      token,
      tags,
      attributes,
      bucket: bucketOf(id),
      ...rest,
    },
    warning: warnings.length > 0 ? inOneLine(warnings) : null,
  };
}

const MISSING = new CellFault('is missing');

const isAbsent = (cell: unknown) => cell === undefined || cell === null || cell === '';

/** Tags, and attributes of `tags`, of `attributes`, of each `attributes.NAME`: the later counts. */
function collections(row: Cells, tell: Tell) {
  let tags: string[] = [];
  let attributes: Attributes | null = null;
  if (!isAbsent(row.tags)) {
    const found = readTags(row.tags, tell);
    if ('tags' in found) tags = found.tags;
    else attributes = withAttributes({}, found.attributes, tell);
  }
  if (!isAbsent(row.attributes)) {
    const found = readAttributes(row.attributes, tell);
    attributes = attributes ? withAttributes(attributes, found, tell) : found;
  }
  let single: Cells | null = null;
  for (const name in row) {
    if (known.has(name)) continue;
    if (!name.startsWith(ATTRIBUTE)) tell(name, 'is unknown');
    else if (!isAbsent(row[name])) {
      // without a prototype, so that __proto__ is a name like any other, and refused
      single ??= Object.create(null) as Cells;
      single[name.slice(ATTRIBUTE.length)] = row[name];
    }
  }
  if (single) attributes = withAttributes(attributes ?? {}, single, tell);
  return { tags, attributes: attributes ?? {} };
}

const MAX_TOLD = 10;

/** The first ten, since a row may have a hundred. */
const inOneLine = (all: string[]) =>
  all.length <= MAX_TOLD
    ? all.join('; ')
    : `${all.slice(0, MAX_TOLD).join('; ')}; and ${all.length - MAX_TOLD} more`;
