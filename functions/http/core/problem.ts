/** Problem documents (RFC 9457) as responses, and as the OpenAPI document describes them. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ProblemKind, problem, problems } from '../../lib/errors.ts';

const MEDIA_TYPE = 'application/problem+json';

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    next: z.string().openapi({ description: 'What to do about it.' }),
    faults: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem', {
    description: 'RFC 9457. `faults` names everything that is wrong, not just the first thing.',
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

export const NO_CAMPAIGN = problemResponse(404, 'There is no such campaign.');

export const noCampaign = (c: Context, id: string) =>
  answerProblem(c, 'not-found', `There is no campaign "${id}".`, {
    next: 'Check the id; GET /v1/campaigns lists all.',
  });
