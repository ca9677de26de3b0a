/** The calls of uploaded audiences: a file of installation ids, user ids or tokens. */

import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import * as z from 'zod';
import { Unreadable } from '../import/encoding.ts';
import { type Name, nameFault, nameReaders } from '../import/names.ts';
import { FileFault } from '../import/rows.ts';
import { rfc3339 } from '../lib/rfc3339.ts';
import { namedToken } from '../model/canonical/token.ts';
import { registrationSchema } from '../model/schemas/registration.ts';
import { type Upload, type UploadKind, uploadKinds } from '../model/upload.ts';
import type { Ports } from '../ports/ports.ts';
import { mediaType } from './core/body.ts';
import { type Call, call } from './core/call.ts';
import { linesOf } from './core/file-body.ts';
import type { FieldsOf } from './core/json.ts';
import { answerProblem } from './core/problem.ts';
import { problemResponse } from './core/problem-response.ts';

/** Names stored in one write. */
const BATCH = 5_000;
/** Names in one upload. For more, an import with a tag costs less than looking each name up. */
export const MAX_NAMES = 2_000_000;
const MAX_FAULTS = 1_000;
const LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

const { app } = registrationSchema.shape;

const uploadFields = {
  id: z.string().meta({ example: '3f1c9a0b5d7e2c4a6b80' }),
  app: z.string(),
  of: z.enum(uploadKinds),
  size: z.int().meta({ description: 'Number of names; a name that comes twice may count twice.' }),
  expiresAt: z.iso.datetime(),
};
const uploadSchema = z.object(uploadFields).meta({ id: 'Upload' });

const uploadedSchema = z
  .object({
    ...uploadFields,
    rejected: z.int(),
    faults: z
      .array(z.object({ line: z.int(), message: z.string() }))
      .meta({ description: `The first ${MAX_FAULTS}.` }),
  })
  .meta({ id: 'Uploaded' });
export type Uploaded = z.output<typeof uploadedSchema>;

const uploadView = ({ id, app, of, size, expiresAt }: Upload) =>
  ({
    id,
    app,
    of,
    size: size ?? 0,
    expiresAt: rfc3339(expiresAt),
  }) satisfies FieldsOf<typeof uploadSchema>;

export function audienceCalls(ports: Ports): Call[] {
  return [uploadAudienceCall(ports), getAudienceCall(ports)];
}

const uploadAudienceCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/audiences',
    operationId: 'uploadAudience',
    summary: 'Upload an audience',
    description:
      'A file of installation ids, user ids or tokens: one a line, CSV with a header, or NDJSON ' +
      `(texts, or objects); at most ${MAX_NAMES} of them. The answer's id goes in a campaign's ` +
      '`audience.upload`. It is kept for 7 days.',
    scopes: ['campaigns'],
    takes: {
      query: z.strictObject({ app, of: z.enum(uploadKinds).default('installationIds') }),
    },
    requestBody: {
      required: true,
      content: {
        'text/plain': { schema: { type: 'string' }, example: 'device-1\ndevice-2\n' },
        'text/csv': { schema: { type: 'string' }, example: 'id\ndevice-1\ndevice-2\n' },
        'application/x-ndjson': {
          schema: { type: 'string' },
          example: '"device-1"\n{"id":"device-2"}\n',
        },
      },
    },
    responses: {
      201: {
        description: 'It is stored.',
        content: { 'application/json': { schema: uploadedSchema } },
      },
      413: problemResponse(413, `At most ${MAX_NAMES} names are taken.`),
      415: problemResponse(415),
    },
    async handle({ query }, c) {
      const namesOf = nameReaders.get(mediaType(c));
      if (!namesOf)
        return answerProblem(
          c,
          'unsupported-media-type',
          'text/plain, text/csv or application/x-ndjson is needed.',
        );
      try {
        return c.json(await storeNames(ports, namesOf(linesOf(c), query.of), query), 201);
      } catch (error) {
        return refusal(c, error);
      }
    },
  });

const getAudienceCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/audiences/{id}',
    operationId: 'getAudience',
    summary: 'Look at an uploaded audience',
    scopes: ['read', 'campaigns'],
    takes: { params: z.strictObject({ id: z.string().min(1).max(64) }) },
    responses: {
      200: {
        description: 'The upload.',
        content: { 'application/json': { schema: uploadSchema } },
      },
      404: problemResponse(404, 'There is no such upload, or it has expired.'),
    },
    async handle({ params: { id } }, c) {
      const it = await ports.store.getUpload(id);
      if (it && it.size !== null && it.expiresAt > ports.now()) return c.json(uploadView(it));
      return answerProblem(c, 'not-found', `There is no upload "${id}".`, {
        next: 'Check the id; an upload is kept for 7 days, so it may have expired.',
      });
    },
  });

function refusal(c: Context, error: unknown): Response {
  if (error instanceof FileFault)
    return answerProblem(c, 'invalid-request', 'The file cannot be taken.', {
      faults: error.faults,
    });
  if (error instanceof TooMany)
    return answerProblem(c, 'too-large', `At most ${MAX_NAMES} names are taken.`);
  if (error instanceof Unreadable)
    return answerProblem(c, 'invalid-request', error.message, {
      next: 'Send the whole file again: the part that came is not used.',
    });
  throw error;
}

class TooMany extends Error {}

/** Stores the names. They can be used only once all are stored. Throws `FileFault`, `TooMany`. */
async function storeNames(
  { store, now }: Ports,
  names: AsyncIterable<Name[]>,
  { app, of }: { app: string; of: UploadKind },
): Promise<Uploaded> {
  const createdAt = now();
  const id = randomBytes(10).toString('hex');
  const upload = { id, app, of, size: null, createdAt, expiresAt: createdAt + LIFETIME_MS };
  const faults: Uploaded['faults'] = [];
  let rejected = 0;
  let size = 0;
  const batch = new Set<string>();
  const flush = async () => {
    if (size === 0) await store.putUpload(upload);
    size += batch.size;
    if (size > MAX_NAMES) throw new TooMany();
    await store.addToUpload(upload, [...batch]);
    batch.clear();
  };
  for await (const some of names)
    for (const it of some) {
      const fault = 'fault' in it ? it.fault : nameFault(of, it.name);
      if (fault !== null) {
        rejected++;
        if (faults.length < MAX_FAULTS) faults.push({ line: it.line, message: fault });
      } else if ('name' in it) {
        const name = of === 'tokens' ? namedToken(it.name) : it.name;
        if (batch.add(name).size === BATCH) await flush();
      }
    }
  if (batch.size > 0) await flush();
  if (size === 0)
    throw new FileFault(
      faults.length > 0
        ? faults.map(({ line, message }) => ({ path: `line ${line}`, message }))
        : [{ path: '', message: 'the file has no names' }],
    );
  await store.putUpload({ ...upload, size });
  return { ...uploadView({ ...upload, size }), rejected, faults };
}
