/**
 * What is noted in the campaign while it is sent: when its first push left, and that a provider has
 * accepted one. The first is only a time in a report, the second a hint to other processes: a note that
 * cannot be written is logged and does not stop the attempt.
 */

import type { Chunk } from '../../model/chunk.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Provider } from '../../model/provider/registry.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Trial } from './trials.ts';

/** Stores the time of a push, in ms, and a provider that accepted it (`Store.notePush`). */
export type NotePush = Ports['store']['notePush'];

interface NotesOptions {
  chunk: Pick<Chunk, 'campaignId' | 'provider'>;
  trial: Trial;
  /** no push of the campaign has left before */
  isFirst: boolean;
  dryRun: boolean;
}

/** The notes of one attempt. A note that the store refuses is logged; neither method throws or rejects. */
export function createNotes(
  { notePush, now, log }: Pick<Ports, 'now' | 'log'> & { notePush: NotePush },
  { chunk: { campaignId, provider }, trial, isFirst, dryRun }: NotesOptions,
) {
  let noting = Promise.resolve();
  let begun = !isFirst;
  const note = (acceptedBy?: Provider) => {
    const at = now();
    noting = noting
      .then(() => notePush(campaignId, at, acceptedBy))
      .catch((error) => log.unexpected({ where: 'noting the first push', error }));
  };
  return {
    /** Takes each outcome; writes for the first one of the campaign, and the first accepted one. */
    see(outcome: Outcome) {
      const accepts = outcome.kind === 'accepted' && !dryRun && trial.isToBeNoted();
      if (accepts) note(provider);
      else if (!begun) note();
      begun = true;
    },
    /** Resolves when all notes are written, or have failed. */
    written: () => noting,
  };
}
