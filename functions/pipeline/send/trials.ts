/**
 * What this process has learnt of a message at a provider, over all chunks of the campaign: how many
 * pushes may be under way, and whether a `blocked` answer is about one recipient or about all.
 *
 * One answer proves nothing about the other recipients. A pause needs a wave: `WAVE` of the last `LAST`
 * answers. A refused recipient that is followed by an accepted one was refused for its own sake.
 */

import { setNewest } from '../../lib/bounded-map.ts';
import { createdOnce } from '../../lib/created-once.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Provider } from '../../model/provider/registry.ts';
import type { Ramp, Store } from '../../ports/ports.ts';

/** Answers that count towards a wave, and how many of them make one. */
const LAST = 40;
const WAVE = 20;

/**
 * Pushes under way before the first is accepted. With a wave of 20, at most 39 recipients are refused
 * for a fault of ours.
 */
const FIRST = 20;
/** Room that each accepted push adds: 1,000 under way after four round trips. */
const GROWTH = 4;
/** From here on only the sender's own windows bound what is under way. */
const OPEN = 4_000;

/** Messages that are remembered: what is older starts small again, which is harmless. */
const REMEMBERED = 1_000;

export interface Trial extends Ramp {
  /** a push of this message was accepted by this provider, here or by what the campaign says */
  readonly proven: boolean;
  /** accepted answers so far, in this process */
  readonly accepted: number;
  /** the campaign says that one was accepted elsewhere */
  prove(): void;
  /** True for the caller that has to note in the campaign that a push was accepted. */
  isToBeNoted(): boolean;
  see(outcome: Outcome): void;
  /** Gives back room for which no answer will come. */
  giveBack(count: number): void;
  /** So many of the last answers are `blocked` that it is about all recipients: there is no room. */
  isWave(): boolean;
  /** What led to a wave counts no more, and the room is small again. */
  startAgain(): void;
}

export function createTrial(): Trial {
  let proven = false;
  let noted = false;
  let accepted = 0;
  let room = FIRST;
  let underWay = 0;
  /** whether each of the last answers was `blocked`; a ring, begun by the first that was */
  let last: boolean[] = [];
  let at = 0;
  let blocked = 0;
  let waiting: (() => void)[] = [];

  function remember(isBlocked: boolean) {
    if (last[at]) blocked -= 1;
    if (isBlocked) blocked += 1;
    last[at] = isBlocked;
    at = (at + 1) % LAST;
  }

  function wake() {
    if (waiting.length === 0 || (underWay >= room && blocked < WAVE)) return;
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  }

  return {
    get proven() {
      return proven;
    },
    get accepted() {
      return accepted;
    },
    prove() {
      proven = true;
      noted = true;
    },
    isToBeNoted() {
      const first = !noted;
      noted = true;
      return first;
    },
    take() {
      if (underWay >= room || blocked >= WAVE) return false;
      underWay += 1;
      return true;
    },
    wait: (resume) => void waiting.push(resume),
    see(outcome) {
      if (underWay > 0) underWay -= 1;
      switch (outcome.kind) {
        case 'accepted':
          proven = true;
          accepted += 1;
          if (room < OPEN) room += GROWTH;
          if (blocked > 0) remember(false);
          break;
        case 'blocked':
          if (!outcome.proven) remember(true);
          break;
        case 'rejected':
        case 'unregistered':
          if (blocked > 0) remember(false);
      }
      wake();
    },
    giveBack(count) {
      underWay = Math.max(0, underWay - count);
      wake();
    },
    isWave: () => blocked >= WAVE,
    startAgain() {
      last = [];
      at = 0;
      blocked = 0;
      room = FIRST;
    },
  };
}

/**
 * By the store, since it is what all workers of a process share. A process sends for one deployment,
 * so this is one map in practice, and as many as there are worlds in a test.
 */
const known = new WeakMap<Store, Map<string, Trial>>();

/** The trial of a campaign's message at a provider: the same object for all chunks of this process. */
export function trialOf(store: Store, campaignId: string, provider: Provider): Trial {
  const trials = createdOnce(known, store, () => new Map<string, Trial>());
  const key = `${campaignId} ${provider}`;
  const trial = trials.get(key) ?? createTrial();
  // the one used last is forgotten last
  setNewest(trials, key, trial, REMEMBERED);
  return trial;
}
