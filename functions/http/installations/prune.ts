/** The call that removes installations which a list has no more, after all of it was imported. */

import * as z from 'zod';
import { registrationSchema } from '../../model/schemas/registration.ts';
import type { Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { runId } from './import.ts';

const body = z
  .strictObject({
    app: registrationSchema.shape.app,
    run: runId,
    after: z
      .string()
      .max(200)
      .nullable()
      .default(null)
      .meta({ description: 'The `next` of the call before this one.' }),
    dryRun: z.boolean().default(false).meta({ description: 'Only counts the installations.' }),
  })
  .meta({ id: 'Prune' });

const prunedSchema = z
  .object({
    found: z.int().meta({ description: 'Removed by this call.' }),
    next: z.string().nullable().meta({ description: 'Call again with it; null at the end.' }),
  })
  .meta({ id: 'Pruned' });
export type Pruned = z.output<typeof prunedSchema>;

export const pruneCall = ({ store }: Ports) =>
  call({
    method: 'post',
    path: '/v1/installations:prune',
    operationId: 'pruneInstallations',
    summary: 'Remove installations that an import has not seen',
    description:
      'After all pages of a list were imported with one `run`: removes the installations of the app ' +
      'that were in none of them, a part of the app in each call. Installations that registered since ' +
      'the run began are kept, and so are those that have opted out. A run can be used for 7 days ' +
      'from its first page.',
    scopes: ['installations'],
    takes: { body },
    responses: {
      200: { description: 'A part.', content: { 'application/json': { schema: prunedSchema } } },
      404: problemResponse(404, 'No import has this run, or it is too old.'),
    },
    async handle({ body: { app, run, after, dryRun } }, c) {
      const pruned = await store.pruneInstallations(app, run, after, dryRun);
      if (pruned) return c.json(pruned);
      return answerProblem(
        c,
        'not-found',
        `No import has the run "${run}", or it began more than 7 days ago.`,
        {
          next: 'Import the whole list again with a new run, then prune with that run.',
        },
      );
    },
  });
