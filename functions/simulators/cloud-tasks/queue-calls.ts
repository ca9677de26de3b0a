/** The calls of `google.cloud.tasks.v2.CloudTasks` that are about queues. */

import { status } from '@grpc/grpc-js';
import type { QueueMessage } from './protos.ts';
import { type Queues, queueMessage, readLimits } from './queues.ts';
import { Refusal } from './task.ts';

/** Most items of one page, and the default. */
const PAGE = 1000;

/** A call takes a message and returns a message, or throws a Refusal. */
// biome-ignore lint/suspicious/noExplicitAny: each call has its own message types
export type Call = (message: any) => Promise<object>;

/** The calls that read and change `queues`. */
export function queueCalls(queues: Queues): Record<string, Call> {
  const show = (name: string) => queueMessage(name, queues.get(name));
  return {
    GetQueue: async ({ name }) => show(name),

    async ListQueues({ parent, filter, pageSize, pageToken }) {
      if (filter) throw new Refusal(status.UNIMPLEMENTED, 'This simulator does not filter.');
      const names = queues.names().filter((it) => it.startsWith(`${parent}/queues/`));
      const { items, nextPageToken } = page(names, pageSize, pageToken);
      return { queues: items.map(show), nextPageToken };
    },

    async CreateQueue({ parent, queue }: { parent?: string; queue?: QueueMessage }) {
      const name = queue?.name ?? '';
      if (!queue || !name.startsWith(`${parent}/queues/`))
        throw new Refusal(status.INVALID_ARGUMENT, `The queue must be named ${parent}/queues/….`);
      if (queues.has(name)) throw new Refusal(status.ALREADY_EXISTS, 'Queue already exists.');
      queues.put(name, readLimits(queue));
      return show(name);
    },

    /** "creates the queue if it does not exist" */
    async UpdateQueue({ queue, updateMask }) {
      const mask: string[] = updateMask?.paths ?? [];
      const within = (field: string) =>
        mask.length === 0 || mask.some((it) => it === field || it.startsWith(`${field}.`));
      const { rateLimits, retryConfig, name } = (queue ?? {}) as QueueMessage;
      queues.put(
        name ?? '',
        readLimits({
          ...(within('rate_limits') && rateLimits && { rateLimits }),
          ...(within('retry_config') && retryConfig && { retryConfig }),
        }),
      );
      return show(name ?? '');
    },

    async DeleteQueue({ name }) {
      queues.get(name);
      queues.remove(name);
      return {};
    },

    async PurgeQueue({ name }) {
      queues.get(name).purge();
      return show(name);
    },

    async PauseQueue({ name }) {
      queues.get(name).pause(true);
      return show(name);
    },

    async ResumeQueue({ name }) {
      queues.get(name).pause(false);
      return show(name);
    },
  };
}

/** The page of `all` that `token` names: at most `size` items. Throws a Refusal on another token. */
export function page<T>(all: T[], size: number | undefined, token: string | undefined) {
  const from = Number(token || 0);
  if (!Number.isInteger(from) || from < 0)
    throw new Refusal(status.INVALID_ARGUMENT, 'The page token is invalid.');
  const to = from + Math.min(size || PAGE, PAGE);
  return { items: all.slice(from, to), nextPageToken: to < all.length ? String(to) : '' };
}
