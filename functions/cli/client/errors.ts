/** What a call throws. */

import type { Problem } from '../../http/core/problems.ts';
import type { Checked } from './answer.ts';

/** The API answered with a problem. */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** No answer came, or it broke off. */
export class Unreachable extends Error {
  readonly url: string;
  constructor(url: string, cause: unknown) {
    super(`${url} does not answer`, { cause });
    this.url = url;
  }
}

/** An answer that counts. Throws `Refused` for a problem. */
export function counted<T>(it: Checked<T>): T {
  if ('problem' in it) throw new Refused(it.problem);
  return it.answer;
}
