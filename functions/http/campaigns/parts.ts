/** What the calls of campaigns share: their parameter, their answers, the idempotency key. */

import type { Context } from 'hono';
import * as z from 'zod';
import type { Scope } from '../../model/key.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { campaignSchema } from './view.ts';

/** A key that sends may read the results; failures need `read`, since they have tokens. */
export const MAY_LOOK: Scope[] = ['read', 'campaigns'];

export const campaignParams = z.strictObject({ id: z.string().min(1).max(64) });

export const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, { message: 'must be 1 to 255 printable ASCII characters' })
  .optional()
  .meta({ description: 'A repeated request with the same key gives what the first one made.' });

export const campaignResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: campaignSchema } },
});

export const NO_CAMPAIGN = problemResponse(404, 'There is no such campaign.');

export const noCampaign = (c: Context, id: string) =>
  answerProblem(c, 'not-found', `There is no campaign "${id}".`, {
    next: 'Check the id; GET /v1/campaigns lists all.',
  });
