/** The sender for FCM HTTP v1. https://firebase.google.com/docs/cloud-messaging/send/v1-api */

import type { Answer, Pool, Request } from '../../http2/pool/pool.ts';
import type { Recipient } from '../../model/chunk.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Platform } from '../../model/platform.ts';
import type { Batch, Push, Rendered, Sender } from '../../ports/ports.ts';
import { sendBatch, unanswered } from '../shared/batch.ts';
import { createFlow } from '../shared/flow.ts';
import { lostByFcm } from '../shared/lost.ts';
import { faultsInAll, inLanguage, TOO_LARGE } from '../shared/personalization.ts';
import { withoutKey } from '../shared/receipt-key.ts';
import type { Own } from './bytes.ts';
import { KEPT_MS } from './deliver-by.ts';
import { classifyFcm } from './errors.ts';
import { fcmFaults } from './faults.ts';
import { type FcmBody, fcmBody, fcmMessage, quoted } from './message.ts';
import type { FcmTokenSource } from './token.ts';

interface FcmSenderOptions {
  pool: Pool;
  token: FcmTokenSource;
  projectId: string;
  now?: () => number;
}

/** Errors that the credential itself causes. All others come from the network and are temporary. */
const badCredential =
  /invalid_grant|invalid_client|unauthorized_client|account not found|default credentials|private key|must contain/i;

export function createFcmSender({
  pool,
  token,
  projectId,
  now = Date.now,
}: FcmSenderOptions): Sender {
  const path = `/v1/projects/${encodeURIComponent(projectId)}/messages:send`;
  const built = new WeakMap<Push, Built>();
  const flow = createFlow();
  let lastHeaders: Request['headers'] = {};

  function builtOf(push: Push): Built {
    const before = built.get(push);
    if (before !== undefined && now() < before.until) return before;
    const at = now();
    const until = push.deliverBy === undefined ? Number.POSITIVE_INFINITY : at + KEPT_MS;
    let it: Built = { body: fcmBody(fcmMessage(push, at), push), until };
    if (push.receipts && it.body.afterFor === null && !fits(it.body, {}))
      it = builtOf(withoutKey(push));
    built.set(push, it);
    return it;
  }

  const bodyOf = (push: Push): FcmBody => builtOf(push).body;

  /** The same object as long as the token is the same, so a connection encodes it once. */
  function headersOf(bearer: string): Request['headers'] {
    const authorization = `Bearer ${bearer}`;
    if (lastHeaders.authorization !== authorization)
      lastHeaders = {
        ':path': path,
        authorization,
        'content-type': 'application/json; charset=utf-8',
      };
    return lastHeaders;
  }

  async function send(batch: Batch): Promise<void> {
    if (batch.open.length === 0 || batch.signal.aborted) return;
    let bearer: string;
    try {
      // once for each batch: a batch takes seconds, and a token is valid for minutes more
      bearer = await token.current();
    } catch (error) {
      return batch.settle(batch.open[0]!, withoutToken(error));
    }
    const headers = headersOf(bearer);
    const usual = batch.push.deliverBy === undefined ? bodyOf(batch.push) : null;
    return sendBatch(batch, flow, (settle) => {
      function answered(answer: Answer, { index }: FcmRequest) {
        if (answer.kind === 'reply' && answer.status === 401) token.forget(bearer);
        settle(index, classify(answer, now()));
      }
      return (index) => {
        const recipient = batch.recipients[index]!;
        const { language } = recipient;
        const it =
          language === undefined && usual !== null
            ? usual
            : bodyOf(inLanguage(batch.push, language));
        let tail = tailFor(it, recipient);
        // FCM counts fewer bytes than the whole body, so count only if it is near the limit
        if (it.afterFor !== null && tail.length > it.bytes.most && !fits(it, recipient)) {
          const bare = bodyOf(withoutKey(inLanguage(batch.push, language)));
          if (bare.bytes.least(recipient) > bare.bytes.most) return settle(index, TOO_LARGE);
          tail = tailFor(bare, recipient);
        }
        const fill = quoted(recipient.token);
        const request: FcmRequest = { headers, body: it.before, fill, tail, index };
        if (batch.keepsNames) request.keepsBody = true;
        pool.request(request, answered);
      };
    });
  }

  function render(push: Push, recipient: Recipient, platform: Platform | null): Rendered {
    const spoken = inLanguage(push, recipient.language);
    let it = bodyOf(spoken);
    if (!fits(it, recipient)) it = bodyOf(withoutKey(spoken));
    const counted = it.bytes.each.find((each) => each.platform === platform);
    return {
      headers: {},
      payload: `${it.before}${quoted(recipient.token)}${tailFor(it, recipient)}`,
      bytes: counted?.of(recipient) ?? it.bytes.least(recipient),
      mostBytes: it.bytes.most,
    };
  }

  return {
    check: (push) => faultsInAll(push, (it) => fcmFaults(it, now())),
    lost: (push, platform) => faultsInAll(push, (it) => lostByFcm(it, platform, now())),
    render,
    send,
    async warm() {
      await Promise.allSettled([token.current(), pool.ready()]);
    },
  };
}

interface Built {
  body: FcmBody;
  /** when it has to be made anew, in ms */
  until: number;
}

interface FcmRequest extends Request {
  index: number;
}

const tailFor = ({ after, afterFor }: FcmBody, recipient: Recipient) =>
  afterFor === null ? after : Buffer.from(afterFor(recipient));

/** Whether it fits on every platform: the sender does not know a recipient's. */
const fits = ({ bytes: { each, most } }: FcmBody, recipient: Own) =>
  each.every((it) => it.of(recipient) <= most);

function classify(answer: Answer, now: number): Outcome {
  return answer.kind === 'reply'
    ? classifyFcm(answer.status, answer.body, answer.headers.retryAfter, now)
    : unanswered(answer);
}

/** The outcome of one recipient of the batch; the others are not started. */
function withoutToken(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  const reason = `no access token: ${message.slice(0, 200)}`;
  return badCredential.test(message)
    ? { kind: 'blocked', reason, proven: true }
    : { kind: 'retry', reason, afterMs: null, scope: 'service' };
}
