/** The sender for APNs. https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns */

import type { Answer, Request } from '../../http2/pool/pool.ts';
import type { Recipient } from '../../model/chunk.ts';
import type { Outcome } from '../../model/outcome.ts';
import { apnsIds } from '../../model/provider/push-id.ts';
import type { Batch, Push, Sender } from '../../ports/ports.ts';
import { sendBatch, unanswered } from '../shared/batch.ts';
import { createFlow } from '../shared/flow.ts';
import { lostByApns } from '../shared/lost.ts';
import { faultsInAll, inLanguage, TOO_LARGE } from '../shared/personalization.ts';
import { withoutKey } from '../shared/receipt-key.ts';
import { type ApnsAccess, type Credential, certificateFault } from './access.ts';
import { type ApnsNotification, apnsFaults, apnsNotification } from './notification.ts';
import { classifyApns } from './reasons.ts';

interface ApnsSenderOptions {
  access: ApnsAccess;
  topic: string;
  now?: () => number;
}

const DEVICE = '/3/device/';
/** A push is sent again with a new token, and with another key; after that its outcome stands. */
const MAX_TRIES = 2;
const ACCEPTED: Outcome = Object.freeze({ kind: 'accepted' });

interface Authorized {
  /** the provider token in `headers.authorization`; '' with a certificate */
  token: string;
  headers: ApnsNotification['headers'];
}

interface Built extends ApnsNotification {
  authorized: Map<Credential, Authorized>;
}

export function createApnsSender({ access, topic, now = Date.now }: ApnsSenderOptions): Sender {
  const built = new WeakMap<Push, Built>();
  const flow = createFlow();

  function notificationOf(push: Push): Built {
    let it = built.get(push);
    if (it === undefined) {
      it = { ...apnsNotification(push, topic), authorized: new Map() };
      if (push.receipts && it.payloadFor === null && it.payload.length > it.mostBytes)
        it = notificationOf(withoutKey(push));
      built.set(push, it);
    }
    return it;
  }

  /** The payload of a recipient whose payload is too large with the key. */
  function smaller(push: Push, recipient: Recipient): Buffer {
    const { payload, payloadFor } = notificationOf(withoutKey(push));
    return payloadFor === null ? payload : Buffer.from(payloadFor(recipient));
  }

  /** The headers are a new object when the provider token changes: requests under way keep the old one. */
  function authorize({ authorized, headers }: Built, credential: Credential): Authorized {
    const token = credential.token === null ? '' : credential.token.current();
    let it = authorized.get(credential);
    if (it === undefined || it.token !== token) {
      it = { token, headers: { ...headers, ':path': DEVICE } };
      if (token !== '') it.headers.authorization = `bearer ${token}`;
      authorized.set(credential, it);
    }
    return it;
  }

  return {
    check: (push) =>
      faultsInAll(push, (it) =>
        apnsFaults(it, apnsNotification(it, topic), {
          byCertificate: access.current().token === null,
        }),
      ),

    lost: (push) => faultsInAll(push, lostByApns),

    render(push, recipient) {
      const spoken = inLanguage(push, recipient.language);
      const { headers, mostBytes, payload, payloadFor } = notificationOf(spoken);
      let body = payloadFor === null ? payload : Buffer.from(payloadFor(recipient));
      if (body.length > mostBytes) body = smaller(spoken, recipient);
      return { headers, payload: body.toString(), bytes: body.length, mostBytes };
    },

    send(batch) {
      if (batch.push.dryRun) return acceptAll(batch);
      const usual = notificationOf(batch.push);
      const idOf = apnsIds(batch.seed);

      return sendBatch(batch, flow, (settle) => {
        function ask(index: number, credential: Credential, tries: number) {
          const recipient = batch.recipients[index]!;
          const { language } = recipient;
          const it =
            language === undefined ? usual : notificationOf(inLanguage(batch.push, language));
          let body = it.payloadFor === null ? it.payload : Buffer.from(it.payloadFor(recipient));
          // too large by this recipient's values; the message itself was checked when it was accepted
          if (it.payloadFor !== null && body.length > it.mostBytes) {
            body = smaller(inLanguage(batch.push, language), recipient);
            if (body.length > it.mostBytes) return settle(index, TOO_LARGE);
          }
          const { headers, token } = authorize(it, credential);
          const request: ApnsRequest = {
            headers,
            path: segment(recipient.token),
            varying: ['apns-id', idOf(index)],
            body,
            index,
            credential,
            used: token,
            tries,
          };
          credential.pool.request(request, answered);
        }

        function answered(answer: Answer, { index, credential, used, tries }: ApnsRequest) {
          const outcome = classify(answer, credential, now());
          if (outcome.kind !== 'blocked' || tries === 0) return settle(index, outcome);
          const other = access.instead(credential, used, outcome.reason);
          if (other === null) return settle(index, outcome);
          ask(index, other, tries - 1);
        }

        return (index) => ask(index, access.current(), MAX_TRIES);
      });
    },

    async warm() {
      const { pool, token } = access.current();
      token?.current();
      await pool.ready();
    },
  };
}

interface ApnsRequest extends Request {
  index: number;
  credential: Credential;
  /** the provider token in its headers */
  used: string;
  /** how often it may be sent again with another token or key */
  tries: number;
}

function classify(answer: Answer, { token }: Credential, now: number): Outcome {
  if (answer.kind === 'reply')
    return classifyApns(answer.status, answer.body, answer.headers.retryAfter, now);
  const fault =
    token === null && answer.kind === 'refused' ? certificateFault(answer.reason) : null;
  return fault === null ? unanswered(answer) : { kind: 'blocked', reason: fault, proven: true };
}

/** APNs cannot validate without a push, so a dry run accepts every recipient. */
async function acceptAll({ open, settle }: Batch): Promise<void> {
  for (const index of open) settle(index, ACCEPTED);
}

/** A token as a segment of the path. Tokens are hexadecimal; anything else must not change the path. */
function segment(token: string): string {
  // this loop takes a third of the time of a regular expression
  for (let i = 0; i < token.length; i++)
    if (hexadecimal[token.charCodeAt(i)] !== 1) return encodeURIComponent(token);
  return token;
}

/** 1 for the character codes of hexadecimal digits. */
const hexadecimal = new Uint8Array(128);
for (const digit of '0123456789abcdefABCDEF') hexadecimal[digit.charCodeAt(0)] = 1;
