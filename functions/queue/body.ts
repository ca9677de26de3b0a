/** The body of a task as it travels: JSON, bounded, and looked at before it is believed. */

import { z } from 'zod';
import type { Task, TaskBody } from '../ports.ts';

/**
 * A Cloud Tasks task has at most 100 KB (102,400 bytes); the difference is for what is not its
 * body: url, headers, name.
 * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create
 */
export const MAX_BODY_BYTES = 100_000;

/** Throws a RangeError on a body of more than 100 KB. */
export function encodeBody({ name, body }: Task): string {
  const json = JSON.stringify(body);
  if (Buffer.byteLength(json) > MAX_BODY_BYTES)
    throw new RangeError(`the body of task ${name} is over 100 KB`);
  return json;
}

const id = z.string().min(1);

/** Of another release may be more than this one knows, so unknown fields are let through. */
const taskBody = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('plan'), campaignId: id }),
  z.looseObject({ kind: z.literal('shard'), campaignId: id, shard: z.int().min(0) }),
  z.looseObject({
    kind: z.literal('send'),
    chunkId: id,
    provider: z.enum(['apns', 'fcm']),
    size: z.int().min(0),
  }),
  z.looseObject({ kind: z.literal('redrive'), campaignId: id, why: z.string() }),
  z.looseObject({
    kind: z.literal('event'),
    event: z.looseObject({
      id,
      type: z.literal('campaign.completed'),
      campaignId: id,
      at: z.number(),
    }),
  }),
]) satisfies z.ZodType<TaskBody>;

/** Throws, in words, when it is no body of ours. */
export function decodeBody(bytes: Uint8Array): TaskBody {
  if (bytes.byteLength > MAX_BODY_BYTES) throw new RangeError('the body is over 100 KB');
  const parsed = taskBody.safeParse(
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
  );
  if (!parsed.success) throw new TypeError(`the body is no task: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
