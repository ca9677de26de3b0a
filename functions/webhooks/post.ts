/**
 * One POST to somebody else's server. What it answers is a value, and so is that it does not answer:
 * both are to be expected. A redirect is an answer: following it would post to where nobody looked.
 */

import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { parseRetryAfter } from '../lib/retry-after.ts';
import { Forbidden, hostOf, isLiteral, isPublic, publicLookup, type Resolve } from './addresses.ts';

export type Posted =
  | { kind: 'answered'; status: number; retryAfterMs: number | null }
  /** no answer; `reason` is for who registered the webhook */
  | { kind: 'failed'; reason: string };

export type Poster = (
  url: string,
  headers: Record<string, string>,
  body: string,
  signal?: AbortSignal,
) => Promise<Posted>;

export interface PosterOptions {
  /** on a developer's machine: http, and addresses that only it can reach */
  local: boolean;
  resolve?: Resolve;
  /** PEM: trusted beside the usual authorities */
  ca?: string;
  deadlineMs?: number;
  now?: () => number;
}

/** From the look-up to the answer. */
const DEADLINE_MS = 15_000;
/** Of an answer's body, which is of no use here: what is longer, or takes longer, is cut off. */
const MAX_BODY = 16 * 1024;
const BODY_MS = 1_000;

export function createPoster({
  local,
  resolve,
  ca,
  deadlineMs = DEADLINE_MS,
  now = Date.now,
}: PosterOptions): Poster {
  const lookup = local ? undefined : publicLookup(resolve);

  return (text, headers, body, signal) => {
    const url = new URL(text);
    // registered before it was forbidden, or in local mode
    if (!local && (url.protocol !== 'https:' || (isLiteral(url) && !isPublic(hostOf(url)))))
      return Promise.resolve(failed('its URL is not https, or its address not public'));
    const late = AbortSignal.timeout(deadlineMs);
    const options: RequestOptions & { ca?: string } = {
      method: 'POST',
      headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
      signal: signal ? AbortSignal.any([signal, late]) : late,
      // a connection of its own: a kept one is bound to an address that was judged long ago
      agent: false,
      ...(lookup && { lookup }),
      ...(ca !== undefined && { ca }),
    };
    return new Promise<Posted>((settle) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options);
      request.once('response', (response) => {
        const { statusCode = 0 } = response;
        const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now());
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BODY) request.destroy();
        });
        const enough = setTimeout(() => request.destroy(), BODY_MS);
        // cut off by us, by them, or at the deadline: the answer is known
        response.on('error', () => {});
        response.once('close', () => {
          clearTimeout(enough);
          settle({ kind: 'answered', status: statusCode, retryAfterMs });
        });
      });
      request.on('error', (error) => settle(failed(reasonOf(error, late.aborted, deadlineMs))));
      request.end(body);
    });
  };
}

const failed = (reason: string): Posted => ({ kind: 'failed', reason });

function reasonOf(error: Error, isLate: boolean, deadlineMs: number): string {
  if (error instanceof Forbidden) return error.message;
  if (isLate) return `no answer within ${deadlineMs / 1000} s`;
  const { code } = error as NodeJS.ErrnoException;
  return (code ? `${code}: ` : '') + error.message.slice(0, 200);
}
