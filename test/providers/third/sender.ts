/** Pigeon's sender, as a folder of `providers/` holds it. It uses the pool and the flow of the others. */

import { createPool, type Request } from '../../../functions/http2/pool/pool.ts';
import { parseRetryAfter } from '../../../functions/lib/retry-after.ts';
import type { Outcome } from '../../../functions/model/outcome.ts';
import type { Push, Sender } from '../../../functions/ports/ports.ts';
import { sendBatch, unanswered } from '../../../functions/providers/shared/batch.ts';
import { createFlow } from '../../../functions/providers/shared/flow.ts';

const MOST_BYTES = 200;

interface Flight extends Request {
  index: number;
}

export function createPigeonSender(
  origin: string,
  ca: string,
): Sender & { close(): Promise<void> } {
  const pool = createPool({ origin, ca, maxConnections: 2 });
  const flow = createFlow();
  const textOf = ({ message }: Push) => JSON.stringify({ text: message.title ?? '' });
  return {
    check: (push) =>
      push.message.title === undefined ? [{ path: 'title', message: 'pigeons carry a title' }] : [],
    lost: ({ message }) =>
      message.sound === undefined ? [] : [{ path: 'sound', message: 'pigeons make no sound' }],
    render: (push) => {
      const payload = textOf(push);
      return { headers: {}, payload, bytes: payload.length, mostBytes: MOST_BYTES };
    },
    send(batch) {
      const { push, recipients } = batch;
      const headers = {
        ':path': '/fly/',
        'x-loft-key': 'grain',
        'x-stay': push.dryRun ? '1' : '0',
      };
      const body = Buffer.from(textOf(push));
      return sendBatch(batch, flow, (settle) => (index) => {
        const flight: Flight = { headers, path: recipients[index]!.token, body, index };
        pool.request(flight, (answer, it) => {
          if (answer.kind !== 'reply') return settle(it.index, unanswered(answer));
          settle(it.index, outcomeOf(answer.status, answer.body, answer.headers.retryAfter));
        });
      });
    },
    warm: () => pool.ready(),
    close: () => pool.close(),
  };
}

function outcomeOf(status: number, reason: string, retryAfter: string | undefined): Outcome {
  if (status === 200) return { kind: 'accepted' };
  if (status === 410) return { kind: 'unregistered', reason, since: null };
  if (status === 400) return { kind: 'rejected', reason };
  if (status === 403) return { kind: 'blocked', reason };
  const afterMs = parseRetryAfter(retryAfter, Date.now());
  return { kind: 'retry', reason, afterMs, scope: 'service' };
}
