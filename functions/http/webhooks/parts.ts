/** What the calls of webhooks share. */

import type { Context } from 'hono';
import * as z from 'zod';
import type { Scope } from '../../model/key.ts';
import { pageQuery } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';

export const WEBHOOK_SCOPES: Scope[] = ['campaigns'];

export const webhookParams = z.strictObject({ id: z.string().min(1).max(64) });
export const webhookPage = pageQuery(512);

export const NO_WEBHOOK = problemResponse(404, 'There is no such webhook.');

export const noWebhook = (c: Context, id: string) =>
  answerProblem(c, 'not-found', `There is no webhook "${id}".`, {
    next: 'Check the id; GET /v1/webhooks lists all.',
  });
