/**
 * recur: starts the runs of schedules that are due, each exactly once.
 *
 * A run is a campaign whose Idempotency-Key is made of the schedule and the time. So two ticks at the same
 * time, a repeated tick and a tick after one that died find the campaign that is already there. Then the
 * schedule's next time is written, by compare and set.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import {
  MISSED_AFTER_MS,
  nextRun,
  type Schedule,
  type ScheduleRequest,
} from '../../model/schedule.ts';
import type { Ports } from '../../ports/ports.ts';
import { enter } from '../accept/accept.ts';

/** Attempts at a compare and set. Other writers of a schedule are a person, or another tick. */
const MAX_TRIES = 10;

/**
 * Stores a new schedule under an id of its own, with the time of its first run. Throws when the store
 * fails.
 */
export async function createSchedule(
  { store, now }: Ports,
  request: ScheduleRequest,
): Promise<Schedule> {
  const schedule = onwards(
    {
      ...request,
      id: randomBytes(10).toString('hex'),
      state: 'active',
      runs: 0,
      nextAt: null,
      lastCampaignId: null,
      createdAt: now(),
      version: 0,
    },
    now(),
  );
  await store.putSchedule(schedule, null);
  return schedule;
}

/**
 * Starts the runs that are due and returns how many. Each schedule gets one attempt: one that throws
 * is logged, stays due for the next tick, and does not stop the others. Calling it twice, late, or twice
 * at the same time is harmless. Throws when the due schedules cannot be read.
 */
export async function startDue(ports: Ports): Promise<number> {
  const { store, now, log } = ports;
  let started = 0;
  for await (const due of store.dueSchedules(now()))
    for (const schedule of due)
      try {
        if (await startRun(ports, schedule)) started += 1;
      } catch (error) {
        log.unexpected({ where: `schedule ${schedule.id}`, error });
      }
  return started;
}

async function startRun(ports: Ports, schedule: Schedule): Promise<boolean> {
  const { now, log } = ports;
  const at = schedule.nextAt!;
  const skipped = schedule.missed === 'skip' && now() - at > MISSED_AFTER_MS;
  const entered = skipped ? null : await start(ports, schedule, `${at}`);
  if (entered?.kind === 'refused')
    log.runRefused({ scheduleId: schedule.id, at, faults: entered.faults });
  const run = entered?.kind === 'refused' ? null : entered;
  await change(ports, schedule.id, (fresh) => {
    // another tick has written the next time already, or a person has changed it
    if (fresh.nextAt !== at) return null;
    const ran = run && { runs: fresh.runs + 1 };
    // a conflict: a tick had started this run and died, and the message was changed after that
    const last = run && run.kind !== 'conflict' && { lastCampaignId: run.campaign.id };
    return onwards({ ...fresh, ...ran, ...last }, Math.max(at, now()));
  });
  return run !== null;
}

/**
 * Starts one run. The request was checked when the schedule was made. The run is refused if its audience
 * can no longer be resolved; other faults pause the campaign.
 */
const start = (ports: Ports, { id, campaign }: Schedule, when: string) =>
  enter(ports, { ...campaign, scheduleId: id }, `schedule ${id} ${when}`, `schedule ${id}`);

/** Starts a run by hand, in addition to those at their times. Throws when the store or the queue fails. */
export async function runNow(ports: Ports, schedule: Schedule) {
  const entered = await start(ports, schedule, `by hand ${randomUUID()}`);
  if (entered.kind === 'conflict') throw new Error('a key that was made up is taken');
  return entered;
}

/**
 * Changes a schedule by compare and set: `next` gets the current one, and returns the changed one, or
 * null to leave it. It may be called several times. Returns what is stored then; null: there is no such
 * schedule. Throws when others changed it first ten times in a row, or when the store fails.
 */
export async function change(
  { store }: Pick<Ports, 'store'>,
  id: string,
  next: (schedule: Schedule) => Schedule | null,
): Promise<Schedule | null> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const found = await store.getSchedule(id);
    const changed = found && next(found);
    if (!changed) return found;
    const written = { ...changed, version: found.version + 1 };
    if (await store.putSchedule(written, found.version)) return written;
  }
  throw new Error(`schedule ${id} is changed by others all the time`);
}

/** The schedule with the time of its next run after `after` (ms since the epoch), or ended. */
export function onwards(schedule: Schedule, after: number): Schedule {
  if (schedule.state === 'paused') return { ...schedule, nextAt: null };
  const nextAt = nextRun(schedule, after);
  return { ...schedule, nextAt, state: nextAt === null ? 'ended' : 'active' };
}
