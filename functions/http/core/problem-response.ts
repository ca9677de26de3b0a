/** Describes problem documents for the OpenAPI document. */

import * as z from 'zod';
import { PROBLEM_TYPE } from './problem.ts';
import { problem, problems } from './problems.ts';

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
) => ({ description, content: { [PROBLEM_TYPE]: { schema: problemSchema } } });
