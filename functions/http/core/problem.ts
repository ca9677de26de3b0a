/** Answers problem documents (RFC 9457). */

import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ProblemKind, problem } from './problems.ts';

export const PROBLEM_TYPE = 'application/problem+json';

export function answerProblem(c: Context, kind: ProblemKind, ...more: ProblemArguments) {
  const document = problem(kind, ...more);
  c.header('Content-Type', PROBLEM_TYPE);
  return c.body(JSON.stringify(document), document.status as ContentfulStatusCode);
}

type ProblemArguments = Parameters<typeof problem> extends [unknown, ...infer Rest] ? Rest : never;
