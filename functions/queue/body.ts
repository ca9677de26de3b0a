/** The body of a task as it travels: JSON, bounded, and looked at before it is believed. */

import { eventTypes } from '../model/event.ts';
import { isProvider } from '../model/provider/registry.ts';
import type { Task, TaskBody } from '../model/tasks.ts';

/**
 * A Cloud Tasks task has at most 100 KB (102,400 bytes); the difference is for what is not its
 * body: url, headers, name.
 * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create
 */
const MAX_BODY_BYTES = 100_000;

/** Throws a RangeError on a body of more than 100 KB. */
export function encodeBody({ name, body }: Task): string {
  const json = JSON.stringify(body);
  if (Buffer.byteLength(json) > MAX_BODY_BYTES)
    throw new RangeError(`the body of task ${name} is over 100 KB`);
  return json;
}

type Fields = Record<string, unknown>;

const isText = (it: unknown) => typeof it === 'string' && it.length > 0;
const isCount = (it: unknown) => Number.isSafeInteger(it) && (it as number) >= 0;
const isRecord = (it: unknown): it is Fields => typeof it === 'object' && it !== null;

/**
 * Another release may write fields that this one does not know, so unknown fields are let through. By hand:
 * a library of schemas would be the larger part of a function's own start.
 */
const checks: Record<TaskBody['kind'], (it: Fields) => Record<string, boolean>> = {
  plan: (it) => ({ campaignId: isText(it.campaignId) }),
  shard: (it) => ({ campaignId: isText(it.campaignId), shard: isCount(it.shard) }),
  send: (it) => ({
    chunkId: isText(it.chunkId),
    provider: isProvider(it.provider),
    size: isCount(it.size),
  }),
  redrive: (it) => ({ campaignId: isText(it.campaignId), why: typeof it.why === 'string' }),
  canary: (it) => ({
    campaignId: isText(it.campaignId),
    since: it.since === null || isCount(it.since),
  }),
  app: (it) => ({
    app: isText(it.app),
    verb: it.verb === 'pause' || it.verb === 'resume' || it.verb === 'cancel',
    at: isCount(it.at),
    by: isText(it.by),
  }),
  wake: (it) => ({
    app: isText(it.app),
    provider: it.provider === null || isProvider(it.provider),
  }),
  erase: (it) => ({ userId: isText(it.userId), after: isText(it.after), at: isCount(it.at) }),
  event: ({ event }) => {
    const it = isRecord(event) ? event : {};
    return {
      id: isText(it.id),
      type: (eventTypes as readonly unknown[]).includes(it.type),
      subject: isText(it.subject),
      app: it.app === null || typeof it.app === 'string',
      at: Number.isFinite(it.at),
      data: isRecord(it.data),
    };
  },
  delivery: (it) => ({
    deliveryId: isText(it.deliveryId),
    webhookId: isText(it.webhookId),
    tries: isCount(it.tries),
  }),
  ping: (it) => ({
    trigger: isText(it.trigger),
    body: typeof it.body === 'string',
    id: it.id === null || isText(it.id),
    at: Number.isFinite(it.at),
  }),
};

/** Throws, in words, when it is no body of ours. */
export function decodeBody(bytes: Uint8Array): TaskBody {
  if (bytes.byteLength > MAX_BODY_BYTES) throw new RangeError('the body is over 100 KB');
  const it: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  const fields = isRecord(it) ? it : {};
  const kind = (typeof fields.kind === 'string' ? fields.kind : '') as TaskBody['kind'];
  if (!Object.hasOwn(checks, kind)) throw new TypeError('the body is no task: its kind is unknown');
  const wrong = Object.entries(checks[kind](fields)).filter(([, fits]) => !fits);
  if (wrong.length > 0)
    throw new TypeError(
      `the body is no task: ${wrong.map(([name]) => name).join(', ')} of ${kind}`,
    );
  return it as TaskBody;
}
