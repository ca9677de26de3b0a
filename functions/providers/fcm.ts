/** The sender for FCM HTTP v1. https://firebase.google.com/docs/cloud-messaging/send/v1-api */

import type { Answer, Pool } from '../http2/pool.ts';
import type { Batch, Outcome, Push, Sender } from '../ports.ts';
import { sendBatch, unanswered } from './batch.ts';
import { judgeFcm } from './fcm-errors.ts';
import { fcmBody, fcmFaults, fcmMessage } from './fcm-message.ts';
import type { FcmTokenSource } from './fcm-token.ts';

export interface FcmSenderOptions {
  pool: Pool;
  token: FcmTokenSource;
  projectId: string;
  now?: () => number;
}

/** Faults of the credential itself; every other is the network's, and passes. */
const badCredential =
  /invalid_grant|invalid_client|unauthorized_client|account not found|default credentials|private key|must contain/i;

export function createFcmSender({
  pool,
  token,
  projectId,
  now = Date.now,
}: FcmSenderOptions): Sender {
  const path = `/v1/projects/${encodeURIComponent(projectId)}/messages:send`;
  const built = new WeakMap<Push, (token: string) => Buffer>();

  function bodiesOf(push: Push) {
    let it = built.get(push);
    if (it === undefined) {
      it = fcmBody(fcmMessage(push, now()));
      built.set(push, it);
    }
    return it;
  }

  async function send(batch: Batch): Promise<void> {
    if (batch.open.length === 0 || batch.signal.aborted) return;
    let bearer: string;
    try {
      // once for a batch: it takes seconds, and a token has minutes left
      bearer = await token.current();
    } catch (error) {
      return batch.settle(batch.open[0]!, withoutToken(error));
    }
    const bodyOf = bodiesOf(batch.push);
    const headers = {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json; charset=utf-8',
    };
    return sendBatch(batch, (index, settle) => {
      const body = bodyOf(batch.recipients[index]!.token);
      pool.request({ path, headers, body }, (answer) => {
        if (answer.kind === 'reply' && answer.status === 401) token.forget(bearer);
        settle(judge(answer, now()));
      });
    });
  }

  return { check: (push) => fcmFaults(push, now()), send };
}

function judge(answer: Answer, now: number): Outcome {
  return answer.kind === 'reply'
    ? judgeFcm(answer.status, answer.body, answer.headers.retryAfter, now)
    : unanswered(answer);
}

/** One recipient carries it; the others were not started. */
function withoutToken(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  const reason = `no access token: ${message.slice(0, 200)}`;
  return badCredential.test(message)
    ? { kind: 'blocked', reason }
    : { kind: 'retry', reason, afterMs: null, scope: 'service' };
}
