/** A function that only the invoker may call, by POST: Cloud Tasks, Pub/Sub, Cloud Scheduler. */

import type { IncomingMessage } from 'node:http';
import type { GoogleConfig } from '../config/google.ts';
import { createOidc } from '../http/auth/oidc.ts';
import type { Log } from '../ports/ports.ts';
import type { Entry } from './front.ts';

export interface Reply {
  status: number;
  headers?: Record<string, string>;
}

/** Far more than a task of ours may have. What is longer is read no further. */
const MAX_BYTES = 128 * 1024;

/** `answer` gets at most one byte more than 128 KiB; what it throws is answered with 5xx. */
export function privately(
  where: string,
  { url, invoker, invokerCheck, local }: GoogleConfig,
  log: Pick<Log, 'callRefused'>,
  answer: (request: IncomingMessage, body: Buffer, stop: AbortSignal) => Promise<Reply>,
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
    return answer(request, await read(request), stop);
  };
  return async (request, response, stop) => {
    const { status, headers } = await reply(request, stop);
    // of a body that was not read the rest would come as the next request
    const whole = request.complete ? {} : { Connection: 'close' };
    response.writeHead(status, { ...headers, ...whole }).end();
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BYTES + 1);
}
