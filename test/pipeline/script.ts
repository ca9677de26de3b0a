/** A sender that answers as a test wants, and remembers what it sent. */

import type { Fault } from '../../functions/lib/errors.ts';
import type { Recipient } from '../../functions/model/chunk.ts';
import type { Outcome } from '../../functions/model/outcome.ts';
import type { Batch, Push, Sender } from '../../functions/ports/ports.ts';

export interface Sent extends Recipient {
  index: number;
  /** the chunk */
  seed: string;
  at: number;
  /** what the token is */
  to: Push['to'];
  /** the receipts and the analytics label of its push */
  receipts: Push['receipts'];
  label: Push['label'];
  /** until when a device may get it, in ms; undefined: until it expires */
  deliverBy: Push['deliverBy'];
  /** how often this one was sent to before */
  before: number;
}

export const accepted: Outcome = { kind: 'accepted' };

/**
 * One recipient after the other, as long as the signal allows. `answer` may wait: that is where a
 * test changes the world in the middle of a chunk.
 */
export interface Script {
  sent: Sent[];
  answer(it: Sent): Outcome | Promise<Outcome>;
  /** how many of them were asked about only */
  dryRuns: number;
  /** how often it was asked to get ready */
  warmed: number;
  /** what `check` finds */
  faults: Fault[];
  /** what `lost` finds */
  lost: Fault[];
  sender: Sender;
}

export function createScript(now: () => number): Script {
  const sent: Sent[] = [];
  const times = new Map<string, number>();
  const script: Script = {
    sent,
    dryRuns: 0,
    warmed: 0,
    answer: () => accepted,
    faults: [],
    lost: [],
    sender: {
      check: () => script.faults,
      lost: () => script.lost,
      render({ message }, { values, language }) {
        const payload = JSON.stringify({ title: message.title, language, values });
        return { headers: {}, payload, bytes: payload.length, mostBytes: 100 };
      },
      warm: async () => {
        script.warmed += 1;
      },
      async send({ push, recipients, open, signal, seed, settle }: Batch) {
        for (const index of open) {
          if (signal.aborted) return;
          const recipient = recipients[index]!;
          const before = times.get(recipient.installationId) ?? 0;
          times.set(recipient.installationId, before + 1);
          const { to, receipts, label, deliverBy } = push;
          const about = { to, receipts, label, deliverBy };
          const it: Sent = { ...recipient, index, seed, at: now(), ...about, before };
          sent.push(it);
          if (push.dryRun) script.dryRuns += 1;
          settle(index, await script.answer(it));
        }
      },
    },
  };
  return script;
}
