/** Pigeon's server: a push is `POST /fly/TOKEN` with a JSON text, and there are five answers. */

import type { Answer, Rules } from '../../../functions/simulators/shared/rules.ts';
import { pigeon } from './pigeon.ts';

export const statuses = { Gone: 410, BadToken: 400, Closed: 403, Busy: 429, Storm: 503 } as const;
export type Reason = keyof typeof statuses;

const refusal = (reason: Reason, headers: Record<string, string> = {}): Answer => ({
  status: statuses[reason],
  headers,
  body: reason,
  reason,
});

export const pigeonRules: Rules = {
  check({ headers, body }) {
    const token = headers[':path']?.replace(/^\/fly\//, '') ?? '';
    if (headers['x-loft-key'] !== 'grain') return { refusal: refusal('Closed') };
    if (!pigeon.token.pattern.test(token)) return { refusal: refusal('BadToken') };
    if (!(typeof JSON.parse(body.toString()).text === 'string'))
      return { refusal: refusal('Closed') };
    return { token, dryRun: headers['x-stay'] === '1' };
  },
  accept: () => ({ status: 200, headers: {}, body: '', reason: null }),
  unregistered: () => refusal('Gone'),
  badToken: () => refusal('BadToken'),
  general: () => refusal('Closed'),
  tooMany: (_, seconds) => refusal('Busy', { 'retry-after': String(seconds) }),
  unavailable: (_, seconds) => refusal('Storm', { 'retry-after': String(seconds) }),
  refuse: (_, reason) => refusal(reason as Reason),
};
