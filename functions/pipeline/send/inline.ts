/**
 * inline send: sends in this process, without the queue, which would write each chunk three times.
 */

import { endsWithin } from '../../lib/deadline.ts';
import type { Inline } from '../../ports/ports.ts';

/** The most sends under way; others are queued, so that a provider that hangs does not fill the memory. */
const MAX_UNDER_WAY = 1_000;
/** Milliseconds that `stop` waits for the pushes under way: as long as an instance of a function has. */
const STOP_DEADLINE_MS = 10 * 1000;

/** Creates the inline send of an engine, which calls `stop` when it ends. */
export function createInline({
  outlivesRequests,
}: Pick<Inline, 'outlivesRequests'>): Inline & { stop(): Promise<void> } {
  const underWay = new Set<Promise<unknown>>();
  const stopped = new AbortController();
  const { signal } = stopped;

  return {
    outlivesRequests,

    run(send) {
      if (signal.aborted || underWay.size >= MAX_UNDER_WAY) return null;
      const sent = send(signal);
      // how it ends is the caller's affair
      const ended: Promise<void> = sent.then(
        () => void underWay.delete(ended),
        () => void underWay.delete(ended),
      );
      underWay.add(ended);
      return sent;
    },

    /** Starts no further push, and waits for those under way. */
    async stop() {
      stopped.abort();
      await endsWithin(Promise.all(underWay), STOP_DEADLINE_MS);
    },
  };
}
