/** Wraps every function: health checks, unexpected errors, and the end of the instance. */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { problem } from '../http/core/problems.ts';
import { createHealth } from '../http/service/health.ts';
import { endsWithin, withDeadline } from '../lib/deadline.ts';
import { Unavailable } from '../lib/errors.ts';
import type { Log } from '../ports/ports.ts';

export interface Entry {
  /** Answers the request. `stop` fires when the instance must end: then hand back unfinished work. */
  handle(request: IncomingMessage, response: ServerResponse, stop: AbortSignal): unknown;
  /** Health check: throws if its storage is unavailable. Without it the function is always healthy. */
  check?(): Promise<void>;
  /** Closes connections. */
  close(): Promise<void>;
}

interface Front {
  listener: RequestListener;
  /** Accepts no more requests, waits for running ones, closes connections. Never rejects. */
  drain(): Promise<void>;
}

/**
 * Cloud Run kills an instance 10 s after SIGTERM.
 * https://cloud.google.com/run/docs/container-contract#instance-shutdown
 */
const DRAIN_MS = 8_000;
const CLOSE_MS = 1_000;

/**
 * `/healthz` is the usual path. On run.app Google reserves some paths that end with z, and advises
 * against all of them, so there is a second path.
 * https://cloud.google.com/run/docs/known-issues
 */
const HEALTH = ['/healthz', '/health'];

export function createFront(
  entry: Entry,
  log: Pick<Log, 'drained' | 'unexpected'>,
  now: () => number = () => performance.now(),
): Front {
  const stop = new AbortController();
  const underWay = new Set<Promise<void>>();
  const isServing = createHealth({ check: async () => entry.check?.() }, log);

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    response.once('close', resolve);
    try {
      await entry.handle(request, response, stop.signal);
    } catch (error) {
      log.unexpected({ where: `${request.method} ${pathOf(request)}`, error });
      if (response.headersSent) response.destroy();
      else response.writeHead(error instanceof Unavailable ? 503 : 500).end();
    }
    await closed;
  }

  return {
    listener(request, response) {
      if (HEALTH.includes(pathOf(request)) && ['GET', 'HEAD'].includes(request.method!)) {
        isServing().then((well) => sayHealth(response, well));
        return;
      }
      if (stop.signal.aborted) {
        response.writeHead(503, { 'Retry-After': '1', Connection: 'close' }).end();
        return;
      }
      const served = serve(request, response).finally(() => underWay.delete(served));
      underWay.add(served);
    },

    async drain() {
      const begun = now();
      const requests = underWay.size;
      stop.abort();
      await endsWithin(Promise.all(underWay), DRAIN_MS);
      const abandoned = underWay.size;
      log.drained({ requests, abandoned, ms: Math.round(now() - begun) });
      try {
        await withDeadline(entry.close(), CLOSE_MS, 'letting go of connections');
      } catch (error) {
        log.unexpected({ where: 'the end of an instance', error });
      }
    },
  };
}

function sayHealth(response: ServerResponse, well: boolean) {
  response.writeHead(well ? 200 : 503, {
    'Content-Type': `application/${well ? 'json' : 'problem+json'}`,
    'Cache-Control': 'no-store',
  });
  response.end(
    JSON.stringify(well ? { status: 'ok' } : problem('unavailable', 'Storage unavailable.')),
  );
}

const pathOf = ({ url = '/' }: IncomingMessage) => url.split('?', 1)[0]!;
