/** The sender for APNs. https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns */

import { hash } from 'node:crypto';
import type { Answer, Pool } from '../http2/pool.ts';
import type { Outcome, Push, Sender } from '../ports.ts';
import { type ApnsNotification, apnsFaults, apnsNotification } from './apns-notification.ts';
import { judgeApns } from './apns-reasons.ts';
import type { ApnsTokenSource } from './apns-token.ts';
import { sendBatch, unanswered } from './batch.ts';

export interface ApnsSenderOptions {
  pool: Pool;
  token: ApnsTokenSource;
  topic: string;
  now?: () => number;
}

interface Built extends ApnsNotification {
  /** the provider token in `headers.authorization` */
  token: string;
}

export function createApnsSender({
  pool,
  token,
  topic,
  now = Date.now,
}: ApnsSenderOptions): Sender {
  const built = new WeakMap<Push, Built>();

  function notificationOf(push: Push): Built {
    let it = built.get(push);
    if (it === undefined) {
      it = { ...apnsNotification(push, topic), token: '' };
      built.set(push, it);
    }
    return it;
  }

  /** A new object when the provider token changes: requests under way keep the old one. */
  function headersOf(it: Built): Built['headers'] {
    const current = token.current();
    if (it.token !== current) {
      it.token = current;
      it.headers = { ...it.headers, authorization: `bearer ${current}` };
    }
    return it.headers;
  }

  return {
    check: (push) => apnsFaults(push, apnsNotification(push, topic)),

    send(batch) {
      const it = notificationOf(batch.push);
      const idOf = idsOf(batch.seed);

      return sendBatch(batch, (index, settle) => {
        const path = `/3/device/${segment(batch.recipients[index]!.token)}`;
        const varying = ['apns-id', idOf(index)] as const;
        let used = '';
        const request = (answer: (answer: Answer) => void) => {
          const headers = headersOf(it);
          used = it.token;
          pool.request({ path, headers, varying, body: it.payload }, answer);
        };
        request((answer) => {
          const outcome = judge(answer, now());
          const stale = outcome.kind === 'blocked' && outcome.reason === 'ExpiredProviderToken';
          if (!stale || token.renew(used) === null) return settle(outcome);
          request((second) => settle(judge(second, now())));
        });
      });
    },
  };
}

function judge(answer: Answer, now: number): Outcome {
  return answer.kind === 'reply'
    ? judgeApns(answer.status, answer.body, answer.headers.retryAfter, now)
    : unanswered(answer);
}

/** Device tokens are hexadecimal; anything else must not change what the path means. */
const segment = (token: string) =>
  /^[0-9a-fA-F]+$/.test(token) ? token : encodeURIComponent(token);

/**
 * The id of a push, from the chunk and the index: a second delivery has the same. A UUID of
 * version 8 (RFC 9562, section 5.8): 88 bits of the seed's SHA-256, then the index.
 */
function idsOf(seed: string): (index: number) => string {
  const h = hash('sha256', seed);
  const prefix = `${h.slice(0, 8)}-${h.slice(8, 12)}-8${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 24)}`;
  return (index) => prefix + index.toString(16).padStart(8, '0');
}
