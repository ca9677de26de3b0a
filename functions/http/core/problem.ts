/** Answers problem documents (RFC 9457), and describes them for the OpenAPI document. */

import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import * as z from 'zod';
import { type ProblemKind, problem, problems } from './problems.ts';

const MEDIA_TYPE = 'application/problem+json';

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    next: z.string().meta({ description: 'What to do about it.' }),
    faults: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457. `faults` names every fault, not only the first.',
    example: problem('invalid-request', 'The request has 2 faults.', {
      faults: [
        { path: 'message.ttlSeconds', message: 'must be at most 2419200' },
        { path: 'audience.langauge', message: 'is unknown' },
      ],
    }),
  });

export const problemResponse = (
  status: number,
  description = Object.values(problems).find((it) => it.status === status)?.title ?? 'A problem',
) => ({ description, content: { [MEDIA_TYPE]: { schema: problemSchema } } });

export function answerProblem(c: Context, kind: ProblemKind, ...more: ProblemArguments) {
  const document = problem(kind, ...more);
  c.header('Content-Type', MEDIA_TYPE);
  return c.body(JSON.stringify(document), document.status as ContentfulStatusCode);
}

type ProblemArguments = Parameters<typeof problem> extends [unknown, ...infer Rest] ? Rest : never;
