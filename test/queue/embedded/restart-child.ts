/** A process that takes a task and is killed while at work on it. */

import { createEmbeddedQueue } from '../../../functions/queue/embedded/queue.ts';
import { everywhere, limits } from './harness.ts';

const queue = createEmbeddedQueue({
  path: process.argv[2]!,
  limits: everywhere(limits),
  log: { taskFailed: console.error, unexpected: console.error },
  now: () => 1_800_000_000_000,
});
queue.start(async ({ attempt }) => {
  console.log(`attempt ${attempt}`);
  return new Promise(() => {});
});
