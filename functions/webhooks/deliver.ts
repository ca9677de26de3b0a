/**
 * Delivers an event to a webhook. Each attempt is a task: it posts, stores the result, then queues the
 * next attempt. The queue's own retries are for the unexpected: a process that died, a store that did
 * not answer. An attempt whose result was not stored is made again, with the same webhook-id.
 */

import { deliveryTask, type TaskBody } from '../model/tasks.ts';
import type { Webhook, WebhookDelivery } from '../model/webhook.ts';
import type { Ports } from '../ports/ports.ts';
import { contentOf } from './content.ts';
import type { Posted, Poster } from './post.ts';
import { nextAttemptAt } from './retry.ts';
import { signedHeaders } from './sign.ts';
import { disableWebhook } from './webhook.ts';

/** A delivery lists its last attempts, at most this many. */
const MAX_ATTEMPTS = 30;
/**
 * Posts to one webhook at the same time, by one process. A dead endpoint makes each post wait for 15 s,
 * and must not take the room of the others. An endpoint that fails gets one post at a time, which is
 * enough to see that it works again.
 */
const CONCURRENT_POSTS = 4;
/** A delivery without room is tried again after 2 to 4 s. */
const NO_ROOM_MS = 2_000;
/** A webhook is disabled when a delivery was given up and none has succeeded for two days. */
const FAILING_MS = 2 * 24 * 60 * 60 * 1000;

type Which = Omit<Extract<TaskBody, { kind: 'delivery' }>, 'kind'>;

export function createDeliver(
  ports: Ports,
  post: Poster,
  monotonic: () => number = () => performance.now(),
) {
  const { now, random } = ports;
  const send = createSend(ports, post, monotonic);
  const atWork = new Map<string, number>();

  /** One attempt. Throws what the store and the queue throw, and when `stop` fires during the post. */
  async function deliver(which: Which, stop: AbortSignal): Promise<void> {
    const { webhookId, deliveryId, tries } = which;
    const [delivery, webhook] = await Promise.all([
      ports.store.getDelivery(deliveryId),
      ports.store.getWebhook(webhookId),
    ]);
    if (delivery?.state !== 'pending') return;
    // this attempt was made; its process may have died before it queued the next one
    if (delivery.tries !== tries) return queueNext(ports, delivery);
    // the delivery was queued again since, and two tasks of it must not both wait for room
    if (delivery.task !== which.task) return;
    if (!webhook || webhook.disabled) {
      const state = 'failed' as const;
      const error = webhook ? 'the webhook is disabled' : 'the webhook is gone';
      const attempt = { at: now(), ms: 0, status: null, error };
      await ports.store.putDelivery(ended(delivery, attempt, { state, nextAt: null }), tries);
      return;
    }
    const room = webhook.failingSince === null ? CONCURRENT_POSTS : 1;
    const busy = atWork.get(webhookId) ?? 0;
    if (busy >= room) {
      const at = now() + NO_ROOM_MS * (1 + random());
      return ports.queue.create([deliveryTask(which, `room-${Math.ceil(at)}`, at)]);
    }
    atWork.set(webhookId, busy + 1);
    try {
      await attempt(webhook, delivery, stop);
    } finally {
      const left = atWork.get(webhookId)! - 1;
      if (left > 0) atWork.set(webhookId, left);
      else atWork.delete(webhookId);
    }
  }

  async function attempt(webhook: Webhook, delivery: WebhookDelivery, stop: AbortSignal) {
    const { posted, made } = await send(webhook, delivery, stop);
    if (stop.aborted && posted.kind === 'failed') throw new Error('stopped; it is tried again');
    const well = isWell(posted);
    const nextAt = well
      ? null
      : nextAttemptAt(
          { begunAt: delivery.begunAt, failures: failuresOf(delivery) + 1 },
          posted.kind === 'answered' ? posted.retryAfterMs : null,
          now(),
          random,
        );
    const gone = posted.kind === 'answered' && posted.status === 410;
    const state = well ? 'delivered' : nextAt === null || gone ? 'failed' : 'pending';
    const after = ended(delivery, made, { state, nextAt: state === 'pending' ? nextAt : null });
    const written = await ports.store.putDelivery(after, delivery.tries);
    if (written) await queueNext(ports, after);
    // last, so that deliveries go on even if others keep changing the webhook
    if (gone) await disableWebhook(ports, webhook.id, 'it answered 410 Gone');
    else await noteHealth(ports, webhook, well, state === 'failed');
  }

  return {
    deliver,

    /** Tests a webhook: one post now, without retries. Returns the delivery with its result. */
    async ping(webhook: Webhook, delivery: WebhookDelivery): Promise<WebhookDelivery> {
      const { posted, made } = await send(webhook, delivery);
      const after = ended(delivery, made, {
        state: isWell(posted) ? 'delivered' : 'failed',
        nextAt: null,
      });
      await ports.store.createDeliveries([after]);
      return after;
    },
  };
}

async function queueNext(
  { queue, now }: Ports,
  { id, webhookId, tries, state, nextAt }: WebhookDelivery,
) {
  if (state !== 'pending') return;
  const next = { deliveryId: id, webhookId, tries };
  await queue.create([deliveryTask(next, 'first', nextAt ?? now())]);
}

/** Writes only a change of health: each delivery must not write to the webhook's document. */
async function noteHealth(ports: Ports, webhook: Webhook, well: boolean, givenUp: boolean) {
  const { failingSince } = webhook;
  if (well !== (failingSince !== null) && !givenUp) return;
  const at = ports.now();
  if (givenUp && failingSince !== null && at - failingSince >= FAILING_MS)
    return disableWebhook(ports, webhook.id, 'nothing could be delivered to it for days');
  // if many deliveries end together, the first one writes the change
  await ports.store.changeWebhook(webhook.id, (it) =>
    well === (it.failingSince === null)
      ? null
      : { webhook: { ...it, failingSince: well ? null : at } },
  );
}

/** Returns a function that makes one POST, signed now, and describes it as an attempt. */
const createSend =
  (ports: Ports, post: Poster, monotonic: () => number) =>
  async (webhook: Webhook, { event }: WebhookDelivery, stop?: AbortSignal) => {
    const { body, contentType } = await contentOf(ports, webhook, event);
    const at = ports.now();
    const begun = monotonic();
    const posted = await post(
      webhook.url,
      {
        'Content-Type': contentType,
        'User-Agent': 'Volley (+https://www.standardwebhooks.com)',
        ...signedHeaders(webhook, event.id, body, at),
      },
      body,
      stop,
    );
    const ms = Math.round(monotonic() - begun);
    const made = {
      at,
      ms,
      status: posted.kind === 'answered' ? posted.status : null,
      error: posted.kind === 'failed' ? posted.reason : null,
    };
    return { posted, made };
  };

const isWell = (posted: Posted) =>
  posted.kind === 'answered' && posted.status >= 200 && posted.status < 300;

/** Failures since the delivery began or was replayed. */
const failuresOf = ({ attempts, begunAt }: WebhookDelivery) =>
  attempts.filter((it) => it.at >= begunAt).length;

const ended = (
  delivery: WebhookDelivery,
  made: WebhookDelivery['attempts'][number],
  rest: Pick<WebhookDelivery, 'state' | 'nextAt'>,
): WebhookDelivery => ({
  ...delivery,
  ...rest,
  tries: delivery.tries + 1,
  attempts: [...delivery.attempts, made].slice(-MAX_ATTEMPTS),
});
