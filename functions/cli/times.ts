/** Times as people type them: `2030-12-24T18:00:00+01:00`, or `2030-12-24 18:00` with a time zone. */

import { type Command, Option } from 'commander';
import { readSpelled } from '../import/time.ts';
import { rfc3339 } from '../lib/rfc3339.ts';
import { instantsOf } from '../lib/wall-clock.ts';
import { timeZoneOf } from '../model/canonical/timezone.ts';
import { lates } from '../model/waves.ts';
import { Usage } from './usage.ts';

/** The help of an option `--zone` that goes with an option for a time. */
export const ZONE = 'time zone of a time without one, such as Europe/Berlin';

/** The help of an option for a time. */
export const TIME = '"2030-12-24 18:00" with --zone, or as RFC 3339';

/**
 * The time as RFC 3339 in UTC. `option` is its name, `zone` the time zone of a text that names none.
 * Throws `Usage` if the text is no time, has no zone, or fits two points in time or none.
 */
export function typedTime(option: string, text: string, zone: string | undefined): string {
  const fault = (what: string) => new Usage(`${option} "${text}" ${what}`);
  const found = readSpelled(text.trim());
  if (!found) throw fault(`is no time: write ${TIME}, such as 2030-12-24T18:00:00+01:00`);
  if (!found.hasClock) throw fault(`has no time of day: write ${option} "${text.trim()} 18:00"`);
  if (found.offset !== null) return rfc3339(found.wall - found.offset);
  if (zone === undefined)
    throw fault('has no time zone: add one, such as --zone Europe/Berlin or --zone UTC');
  const known = timeZoneOf(zone);
  if (known === null) throw new Usage(`--zone "${zone}" is no time zone such as Europe/Berlin`);
  const [at, other] = instantsOf(found.wall, known);
  if (at === undefined)
    throw fault(`does not exist in ${known}: clocks are put forward over it; give a later time`);
  if (other !== undefined)
    throw fault(
      `comes twice in ${known}, where clocks are put back: ` +
        `write ${withOffset(at, found.wall)} or ${withOffset(other, found.wall)}`,
    );
  return rfc3339(at);
}

/** The help of options for a local time. */
const LOCAL = 'when the clock of each device shows it, as "2030-12-24 09:00"';
const LATE = 'what becomes of devices whose local time has passed (default: now)';

/**
 * A local time as the API takes it: `2030-12-24T09:00`. Throws `Usage` if the text is no time, names a time
 * zone, or has seconds.
 */
function typedLocal(text: string): string {
  const fault = (what: string) => new Usage(`--local "${text}" ${what}`);
  const found = readSpelled(text.trim());
  if (!found) throw fault('is no time: write --local "2030-12-24 09:00"');
  if (!found.hasClock) throw fault(`has no time of day: write --local "${text.trim()} 09:00"`);
  if (found.offset !== null)
    throw fault('names a time zone: each device goes by its own. For one point in time give --at');
  if (found.wall % 60_000 !== 0) throw fault('has seconds: give a whole minute');
  return new Date(found.wall).toISOString().slice(0, 16);
}

export interface TimeOptions {
  at?: string;
  zone?: string;
  local?: string;
  late?: string;
}

/** The options for when a campaign begins. */
export const timeOptions = (command: Command) =>
  command
    .option('--at <time>', `when it begins: ${TIME}`)
    .option('--zone <zone>', ZONE)
    .option('--local <time>', LOCAL)
    .addOption(new Option('--late <what>', LATE).choices(lates));

/** The schedule that they state, as the API takes it; null if they state none. Throws `Usage`. */
export function scheduleOf({ at, zone, local, late }: TimeOptions) {
  if (at !== undefined && local !== undefined)
    throw new Usage('--at is one point in time, --local one for each time zone: give one of them');
  if (zone !== undefined && at === undefined) throw new Usage('--zone goes with --at');
  if (late !== undefined && local === undefined) throw new Usage('--late goes with --local');
  if (at !== undefined) return { at: typedTime('--at', at, zone) };
  return local === undefined ? null : { local: typedLocal(local), ...(late && { late }) };
}

/** The wall-clock time with its offset: `2026-10-25T02:30:00+01:00`. */
function withOffset(at: number, wall: number): string {
  const minutes = Math.abs(wall - at) / 60_000;
  const two = (n: number) => `${Math.floor(n)}`.padStart(2, '0');
  const offset = `${wall < at ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
  return new Date(wall).toISOString().replace(/(\.000)?Z$/, offset);
}
