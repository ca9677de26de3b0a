/**
 * Pub/Sub's clients as the product uses them, but patient. The product waits some seconds for an answer, since a
 * person waits, and takes none for an empty subscription. The emulator on a busy machine may take longer, and what it
 * gives then is held for a client that has gone.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { v1 } from '@google-cloud/pubsub';
import { PATIENT_MS } from '../until.ts';

/** An empty answer is asked for as often, in about the time that the product waits. */
const [ASKED, AGAIN_MS] = [3, 700];

type Call = (this: unknown, request: object, options?: object) => Promise<unknown>;

function patient(prototype: object, name: string): Call {
  const call = Reflect.get(prototype, name) as Call;
  const patiently: Call = function (request, options) {
    return call.call(this, request, { ...options, timeout: PATIENT_MS });
  };
  Reflect.set(prototype, name, patiently);
  return patiently;
}

const { SubscriberClient, PublisherClient } = v1;
for (const name of ['acknowledge', 'modifyAckDeadline']) patient(SubscriberClient.prototype, name);
patient(PublisherClient.prototype, 'publish');
const pull = patient(SubscriberClient.prototype, 'pull');
const pullNow: Call = async function (request, options) {
  for (let asked = 1; ; asked++) {
    const answer = await pull.call(this, { ...request, returnImmediately: true }, options);
    const [{ receivedMessages }] = answer as [{ receivedMessages?: unknown[] }];
    if (receivedMessages?.length || asked === ASKED) return answer;
    await wait(AGAIN_MS);
  }
};
Reflect.set(SubscriberClient.prototype, 'pull', pullNow);
