/** What stands in front of every function: its health, its faults and its end. */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createHealth } from '../http/service/health.ts';
import { endsWithin, withDeadline } from '../lib/deadline.ts';
import { problem, Unavailable } from '../lib/errors.ts';
import type { Log } from '../ports/ports.ts';

export interface Entry {
  /** Answers the request. `stop` fires when the instance must end: hand back what is under way. */
  handle(request: IncomingMessage, response: ServerResponse, stop: AbortSignal): unknown;
  /** Throws where what it answers from does not serve: asked for its health. Without it, it is well. */
  check?(): Promise<void>;
  /** Lets go of connections. */
  close(): Promise<void>;
}

export interface Front {
  listener: RequestListener;
  /** Takes no more, waits for what is under way, lets go. Never rejects. */
  drain(): Promise<void>;
}

/**
 * Cloud Run kills an instance 10 s after SIGTERM.
 * https://cloud.google.com/run/docs/container-contract#instance-shutdown
 */
const DRAIN_MS = 8_000;
const CLOSE_MS = 1_000;

/**
 * `/healthz` is what everybody expects. On run.app Google keeps some paths that end with z to
 * itself and advises against all of them, so there is another one.
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
    JSON.stringify(well ? { status: 'ok' } : problem('unavailable', 'The store does not serve.')),
  );
}

const pathOf = ({ url = '/' }: IncomingMessage) => url.split('?', 1)[0]!;
