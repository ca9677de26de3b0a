/** The call that checks the deployment from the inside. */

import * as z from 'zod';
import { type Check, examine } from '../doctor/check.ts';
import { type Call, call } from './core/call.ts';

const reportSchema = z
  .object({
    findings: z.array(
      z.object({
        check: z.string(),
        state: z.enum(['well', 'fault', 'unknown']),
        detail: z.string(),
        next: z.string().optional().meta({ description: 'What to do about it.' }),
      }),
    ),
  })
  .meta({ id: 'Doctor' });
export type DoctorView = z.output<typeof reportSchema>;

export const doctorCall = (checks: Check[]): Call =>
  call({
    method: 'get',
    path: '/v1/doctor',
    operationId: 'getDoctor',
    summary: 'Check the deployment',
    description:
      'Tries the database, the tick, the queues, the functions they call, and the credentials of every app. No device gets anything.',
    // each call costs a dry run of a push at each provider
    scopes: ['campaigns'],
    takes: {},
    responses: {
      200: {
        description: 'What was found.',
        content: { 'application/json': { schema: reportSchema } },
      },
    },
    async handle(_, c) {
      const report: DoctorView = { findings: await examine(checks) };
      return c.json(report);
    },
  });
