/**
 * The import: a file of installations, streamed into the store in batches. Good lines are kept
 * whatever the others are like; a file that is wrong as a whole is refused before anything is
 * stored. To import a file twice changes nothing: whoever was cut off sends it again.
 */

import { z } from '@hono/zod-openapi';
import { faultsOf } from '../errors.ts';
import { type Installation, installation } from '../pipeline/installation.ts';
import { installationId, registrationSchema } from '../pipeline/registration.ts';
import type { Ports } from '../ports.ts';
import { mediaType } from './body.ts';
import { call } from './call.ts';
import { readLines } from './lines.ts';
import { answerProblem } from './problem.ts';
import { csvRows, FileFault, ndjsonRows, type Row } from './rows.ts';

/** Installations stored in one write: large enough to be fast, some 20 ms for the embedded store. */
const BATCH = 2_000;
/** Faults told of one file; all are counted. */
const MAX_FAULTS = 1_000;

const readers = new Map([
  ['text/csv', csvRows],
  ['application/x-ndjson', ndjsonRows],
]);

const importedSchema = z
  .object({
    read: z.int().openapi({ description: 'Rows, the header and empty lines not counted.' }),
    stored: z.int().openapi({ description: 'Of one id that is there twice the last row wins.' }),
    rejected: z.int(),
    faults: z
      .array(z.object({ line: z.int(), message: z.string() }))
      .openapi({ description: `The first ${MAX_FAULTS}.` }),
  })
  .openapi('Imported', {
    example: {
      read: 20_000,
      stored: 19_999,
      rejected: 1,
      faults: [{ line: 17, message: 'token: an APNs token is 64 to 200 hexadecimal digits' }],
    },
  });
export type Imported = z.output<typeof importedSchema>;

const csvExample = `id,platform,token,language,tags,attributes.plan
device-1,ios,${'a1'.repeat(32)},de,news|beta,pro
`;

export const importCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/installations:import',
    summary: 'Register many installations',
    description:
      'CSV with a header, or NDJSON; UTF-8, of any size. Columns are the fields of a registration ' +
      'and `id`; `tags` are separated by `|`; `attributes` is JSON, `attributes.NAME` one of them.',
    scopes: ['installations'],
    takes: { query: z.strictObject({ app: registrationSchema.shape.app.unwrap().optional() }) },
    requestBody: {
      required: true,
      content: {
        'text/csv': { schema: { type: 'string' }, example: csvExample },
        'application/x-ndjson': { schema: { type: 'string' } },
      },
    },
    responses: {
      200: {
        description: 'What was stored, and what was not.',
        content: { 'application/json': { schema: importedSchema } },
      },
    },
    async handle({ query }, c) {
      const rowsOf = readers.get(mediaType(c));
      if (!rowsOf)
        return answerProblem(
          c,
          'unsupported-media-type',
          'text/csv or application/x-ndjson is needed.',
        );
      try {
        const lines = readLines(untilCut(c.req.raw.body ?? empty()));
        return c.json(await store(ports, rowsOf(lines), query.app));
      } catch (error) {
        if (error instanceof FileFault)
          return answerProblem(c, 'invalid-request', 'The file cannot be imported.', {
            faults: error.faults,
          });
        if (error instanceof CutOff)
          return answerProblem(c, 'invalid-request', 'The body was cut off.', {
            next: 'Send the whole file again: what is stored already will be replaced by itself.',
          });
        throw error;
      }
    },
  });

async function* empty(): AsyncGenerator<Uint8Array> {}

class CutOff extends Error {}

/** Tells a body that broke off from a store that did. */
async function* untilCut(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((cause) => {
        throw new CutOff('the body was cut off', { cause });
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.().catch(() => {});
  }
}

async function store(
  { store, now }: Ports,
  rows: AsyncIterable<Row[]>,
  app: string | undefined,
): Promise<Imported> {
  const done: Imported = { read: 0, stored: 0, rejected: 0, faults: [] };
  /** by app and id, the last one winning: no adapter meets an id twice in one write */
  const batch = new Map<string, Installation>();
  let accepted = 0;
  const flush = async () => {
    await store.putInstallations([...batch.values()]);
    done.stored += accepted;
    accepted = 0;
    batch.clear();
  };
  for await (const some of rows)
    for (const row of some) {
      done.read++;
      const it = 'fault' in row ? row.fault : check(row.value, app, now());
      if (typeof it === 'string') {
        done.rejected++;
        if (done.faults.length < MAX_FAULTS) done.faults.push({ line: row.line, message: it });
      } else {
        batch.set(`${it.app} ${it.id}`, it);
        accepted++;
        if (accepted === BATCH) await flush();
      }
    }
  if (accepted > 0) await flush();
  if (done.read === 0) throw new FileFault([{ path: '', message: 'the file has no rows' }]);
  return done;
}

/** The installation, or its faults in one line. */
function check(
  { id, ...value }: Record<string, unknown>,
  app: string | undefined,
  now: number,
): Installation | string {
  const checkedId = installationId.safeParse(id);
  const registration = registrationSchema.safeParse(app === undefined ? value : { app, ...value });
  if (checkedId.success && registration.success) {
    if (app === undefined || registration.data.app === app)
      return installation(checkedId.data, registration.data, now);
    return `app: is "${registration.data.app}", but the file was sent for "${app}"`;
  }
  const faults = [
    ...(checkedId.success ? [] : faultsOf(checkedId.error, ['id'])),
    ...(registration.success ? [] : faultsOf(registration.error)),
  ];
  return faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
}
