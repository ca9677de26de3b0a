/** What the calendar shows: runs of schedules, and campaigns that begin once. */

import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { ScheduleView } from '../../../http/schedules/view.ts';
import { instantOf, type Zone } from './calendar.ts';

export interface Run {
  at: number;
  name: string;
  href: string;
  isOnce: boolean;
  /** by each device's own clock: `at` is when it shows that in the zone of the calendar */
  isLocal: boolean;
  key: string;
}

/** Runs of one schedule on one day. */
export interface DayRun extends Run {
  count: number;
}

/** All runs, the earliest first; those by each device's own clock as they are in that zone. */
export function runsOf(schedules: ScheduleView[], campaigns: CampaignView[], zone: Zone): Run[] {
  const repeated = schedules.flatMap(({ id, name, local = false, nextRuns }) =>
    nextRuns.map((at) => ({
      at: instantOf(at, zone.name),
      name,
      href: `/console/schedules/${encodeURIComponent(id)}`,
      isOnce: false,
      isLocal: local,
      key: id,
    })),
  );
  const once = campaigns.flatMap(({ id, name, state, schedule }) => {
    const isLocal = schedule?.local !== undefined;
    // one with a local time goes on for 26 hours, and was begun elsewhere before
    const begin = schedule?.local ?? (state === 'scheduled' ? schedule?.at : undefined);
    if (!begin) return [];
    const href = `/console/campaigns/${encodeURIComponent(id)}`;
    return [{ at: instantOf(begin, zone.name), name, href, isOnce: true, isLocal, key: id }];
  });
  return [...repeated, ...once].sort((a, b) => a.at - b.at);
}

/** The runs of each day, in the zone: those of a schedule on one day are one entry. */
export function runsByDay(runs: Run[], zone: Zone): Map<string, DayRun[]> {
  const days = new Map<string, DayRun[]>();
  for (const run of runs) {
    const day = zone.dayOf(run.at);
    const entries = days.get(day) ?? [];
    const same = entries.find((it) => it.key === run.key);
    if (same) same.count += 1;
    else entries.push({ ...run, count: 1 });
    days.set(day, entries);
  }
  return days;
}
