/**
 * One POST to a server of a third party. Its answer is a value, and so is the lack of one: both are
 * expected. A redirect counts as an answer. Following it would post to an address that was not checked.
 */

import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { parseRetryAfter } from '../lib/retry-after.ts';
import { Forbidden, hostOf, isLiteral, isPublic, publicLookup, type Resolve } from './addresses.ts';

export type Posted =
  | { kind: 'answered'; status: number; retryAfterMs: number | null }
  /** no answer; `reason` is for the owner of the webhook */
  | { kind: 'failed'; reason: string };

/** Posts `body` to `url`. Never rejects; `signal` ends the request. */
export type Poster = (
  url: string,
  headers: Record<string, string>,
  body: string,
  signal?: AbortSignal,
) => Promise<Posted>;

interface PosterOptions {
  /** allows http, and addresses that only this machine can reach: for development */
  local: boolean;
  resolve?: Resolve;
  /** certificates in PEM that are trusted in addition to the usual authorities */
  ca?: string;
  deadlineMs?: number;
  now?: () => number;
}

/** Longest time from the lookup of the host to the headers of the answer. */
const DEADLINE_MS = 15_000;
/** The body of an answer is not used. It is cut off after this many bytes, and after a second. */
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
    // the webhook may have been registered in local mode, or before such URLs were refused
    if (!local && (url.protocol !== 'https:' || (isLiteral(url) && !isPublic(hostOf(url)))))
      return Promise.resolve(failed('its URL is not https, or its address not public'));
    const late = AbortSignal.timeout(deadlineMs);
    const options: RequestOptions & { ca?: string } = {
      method: 'POST',
      headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
      signal: signal ? AbortSignal.any([signal, late]) : late,
      // a new connection each time: the address of an open one was checked long ago
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
        // however the body ends, the answer is already known
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
