/** waves: when the installations that were counted would be sent to, and what is wrong with that. */

import { firstInstantOf, type OffsetAt } from '../../lib/wall-clock.ts';
import {
  countedZone,
  isInWave,
  type Timing,
  type Turn,
  wallOf,
  wavesOf,
} from '../../model/waves.ts';

/** A wave of an estimate. `isHeld` and `isLate` are of all of its installations. */
export interface EstimatedWave extends Turn {
  /** those in which installations were counted, the most frequent first */
  zones: string[];
  installations: number;
}

interface Counted {
  timing: Timing;
  /** installations that were counted, by time zone; '' for those that tell none */
  zones: ReadonlyMap<string, number>;
  offset: OffsetAt;
  /** extrapolates a number of those that were counted */
  whole(counted: number): number;
  /** how long it takes to send to so many */
  secondsOf(installations: number): number;
}

const sumOf = (counts: Iterable<number>) => Array.from(counts).reduce((sum, it) => sum + it, 0);

/** Those that were counted, by the zone that counts for them. */
function byCountedZone({ timing: { defaultZone }, zones, offset }: Counted): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [zone, counted] of zones) {
    const name = countedZone(zone === '' ? undefined : zone, defaultZone, offset);
    counts.set(name, (counts.get(name) ?? 0) + counted);
  }
  return counts;
}

/** The waves of these installations, the earliest first. */
export function estimatedWaves(it: Counted): EstimatedWave[] {
  const counts = byCountedZone(it);
  const names = [...counts.keys()].sort(
    (a, b) => counts.get(b)! - counts.get(a)! || a.localeCompare(b),
  );
  return wavesOf(it.timing, names, it.offset).flatMap(({ zones: of, ...turn }) => {
    const zones = names.filter((name) => isInWave(of, name));
    const counted = sumOf(zones.map((name) => counts.get(name)!));
    return zones.length > 0 ? [{ ...turn, zones, installations: it.whole(counted) }] : [];
  });
}

/** Those that wait for the end of quiet hours, and until when the last of them do (ms); null if none do. */
export function heldIn(waves: readonly EstimatedWave[]) {
  const held = waves.filter((it) => it.isHeld);
  if (held.length === 0) return null;
  return {
    installations: sumOf(held.map((it) => it.installations)),
    until: Math.max(...held.map((it) => it.at)),
  };
}

/** Seconds from the first wave to the end of the last. */
export function secondsOfWaves(
  waves: readonly EstimatedWave[],
  { secondsOf }: Pick<Counted, 'secondsOf'>,
): number {
  const sent = waves.filter((it) => !it.isLate);
  const begin = sent[0]?.at ?? 0;
  const end = sent.reduce(
    (busy, { at, installations }) => Math.max(busy, at) + 1000 * secondsOf(installations),
    begin,
  );
  return Math.ceil((end - begin) / 1000);
}

export interface WaveWarning {
  kind: 'no-zone' | 'late' | 'slow-wave';
  message: string;
  installations: number;
}

/** What the author of a campaign with such waves should know. */
export const waveWarnings = (it: Counted, waves: readonly EstimatedWave[]): WaveWarning[] =>
  [zoneWarning(it), lateWarning(it), slowWarning(waves, it)].filter((warning) => warning !== null);

function zoneWarning({ timing: { defaultZone }, zones, offset, whole }: Counted) {
  // a zone that is its own counted zone whatever the default is, is known
  const isKnown = (zone: string) => countedZone(zone, '', offset) !== '';
  const counted = sumOf([...zones].flatMap(([zone, of]) => (zone && isKnown(zone) ? [] : [of])));
  const message = `devices without a known time zone are in the default zone, ${defaultZone}`;
  return counted > 0 ? { kind: 'no-zone' as const, message, installations: whole(counted) } : null;
}

const LATE = {
  now: 'devices there are sent to immediately',
  'next-day': 'devices there are sent to at that time of the next day',
  skip: 'devices there are skipped',
} as const;

function lateWarning(it: Counted): WaveWarning | null {
  const { local } = it.timing;
  if (!local) return null;
  const wall = wallOf(local.local);
  const passed = [...byCountedZone(it)]
    .filter(([zone]) => firstInstantOf(wall, zone, it.offset) < local.since)
    .sort(([, a], [, b]) => b - a);
  const [first, ...more] = passed.map(([zone]) => zone);
  if (first === undefined) return null;
  const others = more.length > 0 ? ` and ${more.length} more zones` : '';
  return {
    kind: 'late',
    message: `${local.local.replace('T', ' ')} has passed in ${first}${others}: ${LATE[local.late]}`,
    installations: it.whole(sumOf(passed.map(([, counted]) => counted))),
  };
}

/** Of the waves that are not sent when the next one begins, the one that is behind the most. */
function slowWarning(
  waves: readonly EstimatedWave[],
  { secondsOf }: Pick<Counted, 'secondsOf'>,
): WaveWarning | null {
  const sent = waves.filter((it) => !it.isLate);
  const slow = sent.slice(0, -1).flatMap((wave, index) => {
    const gap = (sent[index + 1]!.at - wave.at) / 1000;
    const seconds = secondsOf(wave.installations);
    return gap > 0 && seconds > gap ? [{ wave, gap, seconds }] : [];
  });
  const [worst] = slow.toSorted((a, b) => b.seconds / b.gap - a.seconds / a.gap);
  if (!worst) return null;
  const { wave, gap, seconds } = worst;
  const needed = Math.ceil(wave.installations / (gap / 60)).toLocaleString('en-US');
  const begin = new Date(wave.at).toISOString().slice(0, 16).replace('T', ' ');
  return {
    kind: 'slow-wave',
    message:
      `the wave of ${begin} UTC takes ${minutes(seconds)}, and the next one begins after ${minutes(gap)}: ` +
      `${needed} pushes a minute are needed`,
    installations: wave.installations,
  };
}

function minutes(seconds: number): string {
  const whole = Math.ceil(seconds / 60);
  return whole === 1 ? '1 minute' : `${whole.toLocaleString('en-US')} minutes`;
}
