/** Explains an error: what failed, and what to do next. */

import type { Problem } from '../http/core/problems.ts';
import { redact } from '../lib/redact.ts';
import { Refused, Unreachable } from './client/errors.ts';
import { COLUMNS, fold, oneLine } from './format.ts';

/** The error in words, with secrets removed from anything it quotes. */
export const explain = (error: unknown): string => redact(inWords(error));

function inWords(error: unknown): string {
  if (error instanceof Refused) {
    const { title, detail, faults = [] } = error.problem;
    const next = adviceOn(error.problem);
    const lines = faults.map(({ path, message }) =>
      fold(`  ${path ? `${path}: ` : ''}${message}`, 4),
    );
    // beside its faults the detail says no more than their number
    const said = faults.length > 0 ? `${title}:` : `${title}. ${detail}`;
    const both =
      said.length <= COLUMNS - 'volley: '.length
        ? oneLine(said)
        : `${oneLine(title)}.\n${fold(detail, 0)}`;
    return [both, ...lines, fold(next, 0)].join('\n');
  }
  if (error instanceof Unreachable) {
    if (codeOf(error.cause) === 'ENOTFOUND')
      return `there is no host by the name of ${new URL(error.url).hostname}. Check VOLLEY_URL or --url.`;
    if (neverSent(error)) return `${error.url} does not answer. Is it running? npm start`;
    return `${error.url} broke off (${codeOf(error.cause)}). Look at its log, then try again.`;
  }
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return `there is no file ${path}.\nCheck its name, and the folder that you are in.`;
  if (code === 'EISDIR') return 'that is a folder: give a file';
  if (code && path) return `${path} cannot be read (${code})`;
  return error instanceof Error ? error.message : String(error);
}

/** The API's advice speaks of headers and addresses; at a command line it is options. */
function adviceOn({ type, next }: Problem): string {
  if (type === '/problems/unauthorized')
    return 'Give a key of this deployment with --key or VOLLEY_API_KEY. For a server on this machine, run this in the folder where its .volley/ is, or name that with VOLLEY_DATA.';
  return next
    .replace(/^Allowed now: .*/, (verbs) => verbs.replace('schedule', 'reschedule'))
    .replace(/GET \/v1\/campaigns\/(\w+)\/report/, 'volley report $1')
    .replace(/GET \/v1\/(webhooks|triggers)\/([^/\s]+)\/(deliveries|failed)/, 'volley $1 $3 $2')
    .replace(/GET \/v1\/(\w+) lists/, 'volley $1 list shows');
}

/** True if the request has not reached the server. */
export const neverSent = (error: Unreachable) =>
  ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'].includes(codeOf(error.cause));

/** `fetch` hides the reason in the cause of its TypeError. */
function codeOf(error: unknown): string {
  for (let it = error as { code?: unknown; cause?: unknown; name?: string }; it; ) {
    if (typeof it.code === 'string') return it.code;
    if (it.name === 'TimeoutError') return 'no answer in time';
    it = it.cause as typeof it;
  }
  return 'no reason given';
}
