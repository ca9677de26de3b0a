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
 * Pushes under way before the first one is accepted. With a wave of 20, a fault of ours has at most 39
 * recipients refused.
 */
export const FIRST = 20;
/** Room that each accepted push adds: 1,000 under way after four round trips. */
export const GROWTH = 4;
/** Pushes under way from which on only the sender's own windows are the bound. */
export const OPEN = 4_000;

/** Trials kept in memory. A trial that was dropped starts with little room again, which is harmless. */
const REMEMBERED = 1_000;

export interface Trial extends Ramp {
  /** this provider has accepted a push of this message, in this process or in another */
  readonly proven: boolean;
  /** accepted answers so far, in this process */
  readonly accepted: number;
  /** Notes that a push was accepted in another process, as the campaign says. */
  prove(): void;
  /** True for the caller that has to note in the campaign that a push was accepted. */
  isToBeNoted(): boolean;
  see(outcome: Outcome): void;
  /** Gives back room for which no answer will come. */
  giveBack(count: number): void;
  /**
   * Whether so many of the last answers are `blocked` that the fault concerns all recipients. There is
   * no room then.
   */
  isWave(): boolean;
  /** Forgets the answers of the wave, and makes the room small again. */
  startAgain(): void;
}

/** A trial without any answer yet. */
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
 * Trials by store, which all workers of a process share. A process sends for one deployment, so there is
 * one map; a test has one for each of its worlds.
 */
const known = new WeakMap<Store, Map<string, Trial>>();

/** The trial of a campaign's message at a provider: the same object for all chunks of this process. */
export function trialOf(store: Store, campaignId: string, provider: Provider): Trial {
  const trials = createdOnce(known, store, () => new Map<string, Trial>());
  const key = `${campaignId} ${provider}`;
  const trial = trials.get(key) ?? createTrial();
  // set again, so that the trial that was used last is dropped last
  setNewest(trials, key, trial, REMEMBERED);
  return trial;
}
