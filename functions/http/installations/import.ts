/**
 * The call that imports a file of installations, streamed into the store in batches. Good rows are
 * stored even if others have faults; a file that is wrong as a whole is refused before anything is
 * stored. Importing a file twice changes nothing, so a client that was cut off sends it again.
 */

import * as z from 'zod';
import { ABSENT } from '../../import/absent.ts';
import { Unreadable } from '../../import/encoding.ts';
import { readRow } from '../../import/read-row.ts';
import { csvRows, FileFault, ndjsonRows, PAGE_ROWS, type Row } from '../../import/rows.ts';
import { registrationSchema } from '../../model/schemas/registration.ts';
import type { ImportCounts, ImportedInstallation, Ports } from '../../ports/ports.ts';
import { mediaType } from '../core/body.ts';
import { call } from '../core/call.ts';
import { linesOf } from '../core/file-body.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';

/** Faults of one file that are listed, and as many warnings; all are counted. */
const MAX_TOLD = 1_000;

const readers = new Map([
  ['text/csv', csvRows],
  ['text/tab-separated-values', csvRows],
  ['application/x-ndjson', ndjsonRows],
]);

const toldLines = (of: string) =>
  z
    .array(z.object({ line: z.int(), message: z.string() }))
    .meta({ description: `${of}: the first ${MAX_TOLD}.` });

const importedSchema = z
  .object({
    read: z.int().meta({ description: 'Rows, without the header and empty lines.' }),
    stored: z.int().meta({ description: 'Rows that were not rejected: the sum of the next four.' }),
    inserted: z.int(),
    updated: z.int(),
    unchanged: z
      .int()
      .meta({ description: 'Were stored already with the same fields, and were not written.' }),
    superseded: z.int().meta({ description: 'A later row had the same id, or the same token.' }),
    tokensMoved: z.int().meta({
      description: 'Installations that were removed because a row has their token now.',
    }),
    rejected: z.int(),
    warned: z.int().meta({ description: 'Stored without a cell that could not be read.' }),
    faults: toldLines('Faults of rows that were rejected'),
    warnings: toldLines('Warnings for rows that were stored without a cell'),
  })
  .meta({
    id: 'Imported',
    example: {
      read: 20_000,
      stored: 19_999,
      rejected: 1,
      inserted: 100,
      updated: 20,
      unchanged: 19_879,
      superseded: 0,
      tokensMoved: 3,
      faults: [{ line: 17, message: 'token: an APNs token is 64 to 200 hexadecimal digits' }],
      warned: 1,
      warnings: [{ line: 40, message: 'language: is no language tag such as de or pt-BR' }],
    },
  });
export type Imported = z.output<typeof importedSchema>;

/** Chosen by the client: a new one for each list that is imported from beginning to end. */
export const runId = z.string().regex(/^[\w-]{8,64}$/, {
  message: 'must be 8 to 64 letters, digits, - and _',
});

const importQuery = z.strictObject({
  app: registrationSchema.shape.app
    .unwrap()
    .optional()
    .meta({ description: 'The app of all rows; a row with another app is rejected.' }),
  run: runId.optional().meta({ description: 'Marks the rows as seen by this run, for a prune.' }),
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Rows are checked, nothing is stored.' }),
});

const csvExample = `id,platform,token,language,tags,attributes.plan
device-1,ios,${'a1'.repeat(32)},de,news|beta,pro
`;

const ndjsonExample = `{"id":"device-1","platform":"ios","token":"${'a1'.repeat(32)}","language":"de"}
`;

export const importCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/installations:import',
    operationId: 'importInstallations',
    summary: 'Register many installations',
    description:
      'CSV with a header (cells separated by `,`, `;` or tabs) or NDJSON, of any size; UTF-8, or ' +
      'UTF-16 with a byte order mark; gzip is unpacked. Columns are the fields of a registration and `id`; ' +
      '`tags` are separated by `|`; `attributes` is JSON, `attributes.NAME` one of them; ' +
      '`refreshedAt` is when the app was last seen, in RFC 3339 or seconds since 1970. Cells may have ' +
      'the spellings that exports use. A row is rejected for a fault in its id, its app, its platform ' +
      'or its token. With a fault in another cell it is stored without that cell, with a warning. In a ' +
      `CSV ${ABSENT.map((it) => `\`${it}\``).join(', ')} and blanks are no value. ` +
      'A row that changes nothing is not written. ' +
      `Rows are stored ${PAGE_ROWS} at a time, each time all of them or none.`,
    scopes: ['installations'],
    takes: { query: importQuery },
    requestBody: {
      required: true,
      content: {
        'text/csv': { schema: { type: 'string' }, example: csvExample },
        'text/tab-separated-values': {
          schema: { type: 'string' },
          example: csvExample.replaceAll(',', '\t'),
        },
        'application/x-ndjson': { schema: { type: 'string' }, example: ndjsonExample },
      },
    },
    responses: {
      200: {
        description: 'How many rows were stored, and the faults of the others.',
        content: { 'application/json': { schema: importedSchema } },
      },
      415: problemResponse(415),
    },
    async handle({ query }, c) {
      const rowsOf = readers.get(mediaType(c));
      if (!rowsOf)
        return answerProblem(
          c,
          'unsupported-media-type',
          'text/csv, text/tab-separated-values or application/x-ndjson is needed.',
        );
      try {
        return c.json(await store(ports, rowsOf(linesOf(c)), query));
      } catch (error) {
        if (error instanceof FileFault)
          return answerProblem(c, 'invalid-request', 'The file cannot be imported.', {
            faults: error.faults,
          });
        if (error instanceof Unreadable)
          return answerProblem(c, 'invalid-request', error.message, {
            next: 'Send the whole file again: rows that are stored already will not change.',
          });
        throw error;
      }
    },
  });

async function store(
  { store, now }: Ports,
  rows: AsyncIterable<Row[]>,
  { app, run, dryRun }: z.output<typeof importQuery>,
): Promise<Imported> {
  const counts: ImportCounts = {
    inserted: 0,
    updated: 0,
    unchanged: 0,
    superseded: 0,
    tokensMoved: 0,
  };
  const done = { read: 0, stored: 0, rejected: 0, warned: 0 };
  const told: Pick<Imported, 'faults' | 'warnings'> = { faults: [], warnings: [] };
  const tell = (kind: keyof typeof told, line: number, message: string) => {
    done[kind === 'faults' ? 'rejected' : 'warned']++;
    if (told[kind].length < MAX_TOLD) told[kind].push({ line, message });
  };
  let batch: ImportedInstallation[] = [];
  const flush = async () => {
    const of = await store.importInstallations(batch, { run: run ?? null, now: now() });
    for (const name of Object.keys(of) as (keyof ImportCounts)[]) counts[name] += of[name];
    done.stored += batch.length;
    batch = [];
  };
  for await (const some of rows)
    for (const row of some) {
      done.read++;
      const it = 'fault' in row ? row : readRow(row.value, app, now());
      if ('fault' in it) {
        tell('faults', row.line, it.fault);
        continue;
      }
      if (it.warning !== null) tell('warnings', row.line, it.warning);
      if (dryRun === 'true') done.stored++;
      else if (batch.push(it.installation) === PAGE_ROWS) await flush();
    }
  if (batch.length > 0) await flush();
  if (done.read === 0) throw new FileFault([{ path: '', message: 'the file has no rows' }]);
  return { ...done, ...counts, ...told };
}
