/** A wave as a strip shows it: of an estimate, or of a campaign. */

import type { EstimateView } from '../../../http/campaigns/estimate.ts';
import { list } from '../../format.ts';
import { texts } from '../../texts/texts.ts';

const words = texts.waves;

export const outcomes = ['accepted', 'failed', 'skipped', 'pending'] as const;

export interface StripWave {
  /** ms since the epoch */
  at: number;
  /** zones: the devices in `zones`; others: all but those of other waves */
  of: 'zones' | 'others' | 'movers';
  zones: string[];
  /** they wait for the end of quiet hours */
  isHeld: boolean;
  /** their time has passed: they are skipped */
  isLate: boolean;
  /** null: they are not counted yet */
  many: number | null;
  /** `many` is of a sample: they are counted when the wave begins. 0: none of the sample */
  isAbout?: boolean;
  /** how many of them have which outcome, and how far it is; of a campaign that is planned */
  counts?: Record<(typeof outcomes)[number], number>;
  state?: keyof typeof words.states;
}

export type Kind = keyof typeof words.kinds;

/** What a wave looks like. */
export function kindsOf({ isLate, isHeld, many, isAbout }: StripWave): Kind[] {
  if (isLate) return ['late'];
  const kinds: Kind[] = [];
  if (isHeld) kinds.push('held');
  if (isAbout) kinds.push('waiting');
  if (many === null) kinds.push('unknown');
  return kinds.length > 0 ? kinds : ['plain'];
}

/** What is to be said of a wave, beside its time. */
export const saidOf = (wave: StripWave): string[] =>
  kindsOf(wave)
    .filter((it) => it === 'held' || it === 'late')
    .map((it) => words.kinds[it]);

/** How many devices it has, in words. */
export function manyOf({ many, isAbout }: StripWave): string {
  if (many === null) return words.kinds.unknown;
  if (!isAbout) return words.devices(many);
  return many === 0 ? words.few : words.about(many);
}

/** Whether any device has changed its zone meanwhile is known at the end. */
export const isDrawn = ({ of, many }: StripWave) => of !== 'movers' || (many ?? 0) > 0;

export const keyOf = ({ at, of, isHeld, isLate }: StripWave) => `${at} ${of} ${isHeld} ${isLate}`;

/** Zones that are named in a few words; the others are a number. */
export const NAMED = 3;

/** The zones of a wave in a few words. */
export function placesOf({ of, zones }: Pick<StripWave, 'of' | 'zones'>): string {
  if (of !== 'zones') return words[of];
  const more = zones.length - NAMED;
  // one more is named as well
  return more > 1 ? words.andMore(zones.slice(0, NAMED).join(', '), more) : list(zones);
}

export const estimatedWaves = (waves: EstimateView['waves']): StripWave[] =>
  waves.map(({ at, zones, installations, held, late }) => ({
    at: Date.parse(at),
    of: 'zones',
    zones,
    isHeld: held,
    isLate: late,
    many: installations,
  }));

/** All are sent to as soon as it begins: there is nothing to draw. */
export const isOneTime = ([first, ...rest]: StripWave[], local: string | undefined) =>
  local === undefined && rest.length === 0 && first?.isHeld === false && !first.isLate;
