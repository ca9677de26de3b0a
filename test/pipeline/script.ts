/** A sender that answers as a test wants, and remembers what it sent. */

import type { Batch, Outcome, Recipient, Sender } from '../../functions/ports.ts';

export interface Sent extends Recipient {
  index: number;
  /** the chunk */
  seed: string;
  at: number;
  /** how often this one was sent to before */
  before: number;
  /** the provider was only asked what it would say */
  dryRun: boolean;
}

export const accepted: Outcome = { kind: 'accepted' };

/**
 * One recipient after the other, as long as the signal allows. `answer` may wait: that is where a
 * test changes the world in the middle of a chunk.
 */
export interface Script {
  sent: Sent[];
  answer(it: Sent): Outcome | Promise<Outcome>;
  /** what `check` finds */
  faults: string[];
  sender: Sender;
}

export function createScript(now: () => number): Script {
  const sent: Sent[] = [];
  const times = new Map<string, number>();
  const script: Script = {
    sent,
    answer: () => accepted,
    faults: [],
    sender: {
      check: () => script.faults,
      async send({ push: { dryRun }, recipients, open, signal, seed, settle }: Batch) {
        for (const index of open) {
          if (signal.aborted) return;
          const recipient = recipients[index]!;
          const before = times.get(recipient.installationId) ?? 0;
          times.set(recipient.installationId, before + 1);
          const it: Sent = { ...recipient, index, seed, at: now(), before, dryRun };
          sent.push(it);
          settle(index, await script.answer(it));
        }
      },
    },
  };
  return script;
}
