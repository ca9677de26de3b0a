/** Reads the names of an uploaded audience from plain lines, CSV or NDJSON. */

import { parseExact } from '../lib/exact-json.ts';
import { HALF } from '../lib/json-texts.ts';
import { tokenForm } from '../model/platform.ts';
import { installationId } from '../model/schemas/registration.ts';
import type { UploadKind } from '../model/upload.ts';
import { saysAbsent } from './absent.ts';
import { CellFault, text } from './cells.ts';
import { readRecords } from './csv.ts';
import type { Line } from './lines.ts';
import { FileFault, headerCell } from './rows.ts';

export type Name = { line: number; name: string } | { line: number; fault: string };

/** The columns of a CSV, or fields of a JSON object, that may hold the names. */
const columns: Record<UploadKind, string[]> = {
  installationIds: ['id', 'installationId', 'installation_id'],
  userIds: ['userId', 'user_id', 'user', 'id'],
  tokens: ['token'],
};

type Texts = (lines: AsyncIterable<Line[]>, of: UploadKind) => AsyncGenerator<Name[]>;

async function* plain(lines: AsyncIterable<Line[]>): AsyncGenerator<Name[]> {
  for await (const batch of lines)
    yield batch.flatMap((it): Name[] => {
      if ('fault' in it) return [{ line: it.number, fault: it.fault }];
      const name = it.text.trim();
      return name === '' ? [] : [{ line: it.number, name }];
    });
}

async function* csv(lines: AsyncIterable<Line[]>, of: UploadKind): AsyncGenerator<Name[]> {
  let column = -1;
  for await (const records of readRecords(lines)) {
    const names: Name[] = [];
    for (const it of records) {
      if (column === -1) column = columnOf('cells' in it ? it.cells : [], of);
      else if ('fault' in it) names.push(it);
      else {
        const name = it.cells[column]?.trim() ?? '';
        names.push(name === '' ? { line: it.line, fault: 'is empty' } : { line: it.line, name });
      }
    }
    yield names;
  }
}

function columnOf(header: string[], of: UploadKind): number {
  const cells = header.map(headerCell);
  const name = columns[of].find((it) => cells.includes(it));
  if (name !== undefined) return cells.indexOf(name);
  const message = `the header needs a column ${columns[of].join(' or ')}`;
  throw new FileFault([{ path: 'line 1', message }]);
}

async function* ndjson(lines: AsyncIterable<Line[]>, of: UploadKind): AsyncGenerator<Name[]> {
  for await (const batch of lines)
    yield batch.flatMap((it): Name[] => {
      if ('fault' in it) return [{ line: it.number, fault: it.fault }];
      return it.text.trim() === '' ? [] : [jsonName(it.number, it.text, of)];
    });
}

function jsonName(line: number, json: string, of: UploadKind): Name {
  try {
    const value = parseExact(json);
    const field = columns[of].find((it) => Object.hasOwn(Object(value), it));
    const it = field ? (value as Record<string, unknown>)[field] : value;
    if (typeof it === 'object' && !JSON.isRawJSON(it))
      return { line, fault: `is neither a text nor an object with a ${columns[of].join(' or ')}` };
    const name = text(it);
    return name instanceof CellFault ? { line, fault: name.message } : { line, name };
  } catch {
    return { line, fault: 'is not valid JSON' };
  }
}

/** The readers by media type. They throw a `FileFault` if the whole file is wrong. */
export const nameReaders = new Map<string, Texts>([
  ['text/plain', plain],
  ['text/csv', csv],
  ['application/x-ndjson', ndjson],
]);

const MAX_USER_ID = 128;
const MAX_TOKEN = 4096;

/** Why a text cannot be a name of that kind; null if it can. */
export function nameFault(of: UploadKind, name: string): string | null {
  if (saysAbsent(name)) return 'says that there is none';
  if (of === 'installationIds')
    return installationId.safeParse(name).success
      ? null
      : 'is no installation id: 1 to 128 letters, digits and . _ : -';
  if (of === 'tokens')
    return name.length <= MAX_TOKEN && tokenForm.test(name)
      ? null
      : 'is no token: printable ASCII without spaces';
  if (!name.isWellFormed()) return HALF;
  return name.length >= 1 && name.length <= MAX_USER_ID
    ? null
    : 'is no user id: 1 to 128 characters';
}
