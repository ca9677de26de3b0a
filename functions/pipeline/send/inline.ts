/**
 * inline send: sends small chunks in this process, without the queue, which would write each of them
 * three times. A chunk whose send fails here is queued.
 */

import { endsWithin } from '../../lib/deadline.ts';
import type { SendableChunk } from '../../model/chunk.ts';
import { sendTask } from '../../model/tasks.ts';
import type { Ports } from '../../ports/ports.ts';
import { sendChunk } from './send.ts';

/** The most chunks under way; others are queued, so that a provider that hangs does not fill the memory. */
const MAX_UNDER_WAY = 1_000;
/** Milliseconds that `stop` waits for the pushes under way: as long as an instance of a function has. */
const STOP_DEADLINE_MS = 10 * 1000;

/** Creates the inline send of an engine, which calls `stop` when it ends. */
export function createInlineSend(ports: Ports) {
  const underWay = new Set<Promise<void>>();
  const stopped = new AbortController();
  const { signal } = stopped;

  async function send(chunk: SendableChunk) {
    try {
      // queues by itself what is left after the attempt
      await sendChunk(ports, chunk, signal);
    } catch (error) {
      // the first task of this chunk: it was not queued before
      const task = sendTask(chunk, 'first');
      ports.log.taskFailed({ task: task.name, attempt: 0, error });
      await ports.queue
        .create([task])
        // the sweep finds the chunk
        .catch((error) => ports.log.unexpected({ where: 'inline send', error }));
    }
  }

  return {
    /**
     * Resolves when the chunk is sent or queued; never rejects. Null: too many are under way, or the
     * engine ends.
     */
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
