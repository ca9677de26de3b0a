/** A function that only the invoker may call, by POST, through Cloud Tasks, Pub/Sub or Cloud Scheduler. */

import type { IncomingMessage } from 'node:http';
import type { GoogleConfig } from '../config/google.ts';
import { createOidc } from '../http/auth/oidc.ts';
import type { Log } from '../ports/ports.ts';
import type { Entry } from './front.ts';

interface Reply {
  status: number;
  headers?: Record<string, string>;
}

/** Limits a body, in bytes: far more than our largest task. The rest of a longer body is not read. */
const MAX_BYTES = 128 * 1024;

interface Options {
  /** the same for a function that more comes to than tasks */
  maxBytes?: number;
}

/**
 * Wraps `answer` in the check of callers. It gets at most `maxBytes` and one byte of the body. If it throws,
 * the caller gets a 5xx status.
 */
export function privately(
  where: string,
  { url, invoker, invokerCheck, local }: GoogleConfig,
  log: Pick<Log, 'callRefused'>,
  answer: (request: IncomingMessage, body: Buffer, stop: AbortSignal) => Promise<Reply>,
  { maxBytes = MAX_BYTES }: Options = {},
): Entry['handle'] {
  const callerOf = createOidc({
    audience: url,
    invoker,
    certsUrl: local.certsUrl,
    check: invokerCheck,
  });
  const reply = async (request: IncomingMessage, stop: AbortSignal): Promise<Reply> => {
    if (request.method !== 'POST') return { status: 405, headers: { Allow: 'POST' } };
    const caller = await callerOf(request.headersDistinct);
    if (caller.kind === 'refused') {
      log.callRefused({ where, reason: caller.reason });
      return { status: caller.status, headers: { 'WWW-Authenticate': 'Bearer' } };
    }
    return answer(request, await read(request, maxBytes), stop);
  };
  return async (request, response, stop) => {
    const { status, headers } = await reply(request, stop);
    // the unread rest of a body would be parsed as the next request
    const whole = request.complete ? {} : { Connection: 'close' };
    response.writeHead(status, { ...headers, ...whole }).end();
  };
}

async function read(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes + 1);
}
