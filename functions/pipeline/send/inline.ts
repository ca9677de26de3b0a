/**
 * Sends small chunks beside the queue, which takes them one by one and writes each of them down
 * three times. What does not end well here goes on in the queue.
 */

import { endsWithin } from '../../lib/deadline.ts';
import type { SendableChunk } from '../../model/chunk.ts';
import { sendTask } from '../../model/tasks.ts';
import type { Ports } from '../../ports/ports.ts';
import { sendChunk } from './send.ts';

/** More at once are queued: a provider that hangs must not fill the memory. */
const MAX_AT_ONCE = 1_000;
/** As an instance of a function has. */
const STOP_DEADLINE_MS = 10 * 1000;

export function createAtOnce(ports: Ports) {
  const underWay = new Set<Promise<void>>();
  const stopped = new AbortController();
  const { signal } = stopped;

  async function send(chunk: SendableChunk) {
    try {
      // what is left then, it has queued by itself
      await sendChunk(ports, chunk, signal);
    } catch (error) {
      // never queued before, or it would not be here
      const task = sendTask(chunk, 'first');
      ports.log.taskFailed({ task: task.name, attempt: 0, error });
      await ports.queue
        .create([task])
        // the sweep finds it
        .catch((error) => ports.log.unexpected({ where: 'sending at once', error }));
    }
  }

  return {
    /** Null: there are too many, or the engine ends. */
    sendNow(chunk: SendableChunk): Promise<void> | null {
      if (signal.aborted || underWay.size >= MAX_AT_ONCE) return null;
      const sent = send(chunk).finally(() => underWay.delete(sent));
      underWay.add(sent);
      return sent;
    },

    /** Starts no further push, and waits for those under way. */
    async stop() {
      stopped.abort();
      await endsWithin(Promise.all(underWay), STOP_DEADLINE_MS);
    },
  };
}
