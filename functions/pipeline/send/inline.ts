/**
 * Inline send: small chunks are sent in this process, without the queue, which would write each of
 * them three times. What does not end well here goes on in the queue.
 */

import { endsWithin } from '../../lib/deadline.ts';
import type { SendableChunk } from '../../model/chunk.ts';
import { sendTask } from '../../model/tasks.ts';
import type { Ports } from '../../ports/ports.ts';
import { sendChunk } from './send.ts';

/** Chunks under way; more are queued, since a provider that hangs must not fill the memory. */
const MAX_UNDER_WAY = 1_000;
/** Milliseconds for the pushes under way, as an instance of a function has. */
const STOP_DEADLINE_MS = 10 * 1000;

export function createInlineSend(ports: Ports) {
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
        .catch((error) => ports.log.unexpected({ where: 'inline send', error }));
    }
  }

  return {
    /** Resolves when it is sent or queued. Null: too many are under way, or the engine ends. */
    sendNow(chunk: SendableChunk): Promise<void> | null {
      if (signal.aborted || underWay.size >= MAX_UNDER_WAY) return null;
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
