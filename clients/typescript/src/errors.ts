/** What a call rejects with. */

import type { Problem } from './api.ts';

/** The API answered with a problem (RFC 9457): nothing has happened, unless `status` is 500 or more. */
export class VolleyError extends Error {
  override readonly name = 'VolleyError';
  readonly status: number;
  readonly problem: Problem;
  /** ms that the API asks to wait before the next try; null if it does not say */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    const faults = (problem.faults ?? [])
      .map((it) => `\n  ${it.path}${it.path && ': '}${it.message}`)
      .join('');
    super(`${problem.title}: ${problem.detail} ${problem.next}${faults}`);
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** The last part of the problem's type, such as `not-found` or `invalid-request`. */
  get kind(): string {
    return this.problem.type.split('/').at(-1) ?? '';
  }
}

/** No answer came in time, or it broke off. The call may have been carried out. */
export class VolleyUnreachable extends Error {
  override readonly name = 'VolleyUnreachable';

  constructor(call: string, cause: unknown) {
    super(`${call}: no answer`, { cause });
  }
}

/** The error of an answer that is not good. A proxy in between may answer in a form of its own. */
export async function errorOf(response: Response): Promise<VolleyError> {
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  return new VolleyError(
    isProblem(problem) ? problem : foreign(response),
    retryAfterOf(response.headers.get('Retry-After')),
  );
}

const isProblem = (it: Partial<Problem> | null): it is Problem =>
  typeof it?.type === 'string' && typeof it.title === 'string' && typeof it.detail === 'string';

const foreign = ({ status }: Response): Problem => ({
  type: 'about:blank',
  title: `Status ${status}`,
  status,
  detail: 'The answer is none of the API.',
  next: 'Check the URL, and what lies between.',
});

/** Seconds, or a date (RFC 9110, section 10.2.3); in ms. */
function retryAfterOf(header: string | null, now = Date.now()): number | null {
  if (header === null) return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
