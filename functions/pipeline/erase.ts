/**
 * erase: forgets a user, and publishes the close of campaigns that end by it. The request does what takes
 * seconds: installations, names, and the campaigns of one call of the store. The rest are queued steps.
 */

import { eraseTask, type TaskBody } from '../model/tasks.ts';
import type { Erased, Ports } from '../ports/ports.ts';
import { announce } from './complete.ts';

/**
 * Removes a user's installations and what else is stored of the user. Where `next` is not null, the rest is
 * queued. Throws when the store or the queue fails; asking again is harmless.
 */
export async function erase(ports: Ports, userId: string): Promise<Erased> {
  const at = ports.now();
  const erased = await ports.store.eraseUser(userId, at);
  await follow(ports, { userId, at }, erased);
  return erased;
}

/** One step of an erasure. Throws as `erase` does: a step may be repeated. */
export async function eraseMore(
  ports: Ports,
  { userId, after, at }: Extract<TaskBody, { kind: 'erase' }>,
): Promise<void> {
  const erased = await ports.store.eraseUser(userId, ports.now(), after);
  await follow(ports, { userId, at }, erased);
}

async function follow(
  ports: Ports,
  asked: { userId: string; at: number },
  { closed, next }: Erased,
): Promise<void> {
  for (const campaignId of closed) await announce(ports, campaignId);
  if (next !== null) await ports.queue.create([eraseTask({ ...asked, after: next })]);
}
