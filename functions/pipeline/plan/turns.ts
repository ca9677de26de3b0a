/** turns: when each recipient of a page is sent to, as the rules of zones and the app's policy are now. */

import { createdOnce } from '../../lib/created-once.ts';
import { offsetAt } from '../../lib/wall-clock.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Shard, ZonedQuiet } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import { countedZone, type Turn, turnIn } from '../../model/waves.ts';
import type { Ports } from '../../ports/ports.ts';
import { timingOf } from './timing.ts';

/** When recipients of a page are sent to. Times are in ms since the epoch. */
export interface PageTurn extends Pick<Turn, 'isLate'> {
  /** 0 if it is their turn already */
  at: number;
  /** when the quiet hours end, or have ended, for which they wait; undefined: they do not */
  heldUntil: number | undefined;
}

/** The turns of a page's recipients. */
export interface Turns {
  /** of a device by its zone, and when that changed */
  of(it: Pick<Reached, 'timeZone' | 'movedAt'>): PageTurn;
  /** what holds for its chunks */
  quiet: ZonedQuiet | undefined;
}

/** Turns that pages before have asked for. They cost some 50 µs each. */
export type KnownTurns = Map<string, { zone: string; turn: Turn }>;

/** Null: they are sent to immediately. `known` is filled. Throws when the store fails. */
export async function turnsFor(
  ports: Ports,
  campaign: Campaign,
  { wave }: Pick<Shard, 'wave'>,
  known: KnownTurns = new Map(),
): Promise<Turns | null> {
  const now = ports.now();
  const timing = await timingOf(ports, campaign, wave?.at ?? now);
  if (timing === null) return wave ? { of: () => turnOf(wave, now), quiet: undefined } : null;
  // one that is planned after the end of its quiet hours has waited for them too
  const held = wave?.isHeld ? wave.at : undefined;
  const { offsetAt: offset = offsetAt } = ports;
  const { quiet, defaultZone, local, begin } = timing;
  const rules = `${quiet?.from} ${quiet?.to} ${defaultZone} ${local ? '' : begin}`;
  // the last shard has devices of all zones
  const isOfMovers = wave?.zones === 'movers';
  const since = local?.since ?? 0;
  const turnOfZone = (named: string | undefined): PageTurn => {
    const { zone, turn } = createdOnce(known, `${rules} ${named}`, () => {
      const zone = countedZone(named, defaultZone, offset);
      return { zone, turn: turnIn(timing, zone, offset) };
    });
    // one whose time has come may be in quiet hours by now
    const due = turn.at < now ? turnIn(timing, zone, offset, now) : turn;
    const isLate = wave && !isOfMovers ? wave.isLate : due.isLate;
    return turnOf({ ...due, isLate }, now, held);
  };
  // one that moved since the campaign was made is not late, wherever to
  const turnOfMover = (named: string | undefined): PageTurn => {
    const sentTo = {
      ...timing,
      local: local && { ...local, late: 'now' as const, next: undefined },
    };
    return turnOf(turnIn(sentTo, countedZone(named, defaultZone, offset), offset, now), now);
  };
  // zones of devices, known or not: as many as have recipients in a page
  const ofPage = new Map<string | undefined, PageTurn>();
  return {
    of({ timeZone, movedAt = 0 }) {
      let turn = ofPage.get(timeZone);
      if (turn === undefined) {
        turn = turnOfZone(timeZone);
        ofPage.set(timeZone, turn);
      }
      return turn.isLate && movedAt >= since ? turnOfMover(timeZone) : turn;
    },
    quiet: quiet ? { ...quiet, zone: defaultZone } : undefined,
  };
}

const turnOf = ({ at, isHeld, isLate }: Turn, now: number, held?: number): PageTurn => ({
  at: at > now ? at : 0,
  heldUntil: isHeld ? at : held,
  isLate,
});
