/** A Hono app with the headers of every answer, and the answers to what no call expects. */

import { Hono } from 'hono';
import { BadCursor, Unavailable } from '../../lib/errors.ts';
import type { Log } from '../../ports/ports.ts';
import { answerProblem } from './problem.ts';

export function createApp(log: Pick<Log, 'unexpected'>): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
    await next();
  });

  app.notFound((c) =>
    answerProblem(c, 'not-found', `${c.req.path} is not an address of this API.`),
  );

  app.onError((error, c) => {
    if (error instanceof BadCursor) {
      const path = c.req.method === 'GET' ? 'query.after' : 'after';
      const faults = [{ path, message: 'must be the `next` of an answer of this call' }];
      return answerProblem(c, 'invalid-request', 'The request has a fault.', { faults });
    }
    log.unexpected({ where: `${c.req.method} ${c.req.path}`, error });
    return error instanceof Unavailable
      ? answerProblem(c, 'unavailable', 'The request cannot be served now.')
      : answerProblem(c, 'unexpected', 'The request failed.');
  });

  return app;
}
