/**
 * recur: starts the runs of schedules that are due, each exactly once.
 *
 * A run is a campaign whose Idempotency-Key is the schedule and the time: two ticks at the same time, a tick
 * twice or one that died in the middle find the campaign that is there. Then the schedule moves on,
 * by compare and set.
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

/** Others write to a schedule when a person does, and a tick beside this one. */
const MAX_TRIES = 10;

export async function createSchedule(
  { store, now }: Ports,
  request: ScheduleRequest,
): Promise<Schedule> {
  const schedule = onwards(
    {
      ...request,
      ...{ id: randomBytes(10).toString('hex'), state: 'active', runs: 0, nextAt: null },
      ...{ lastCampaignId: null, createdAt: now(), version: 0 },
    },
    now(),
  );
  await store.putSchedule(schedule, null);
  return schedule;
}

/**
 * How many runs were started. Each schedule that is due gets one attempt: one that throws stays due for
 * the next tick, and keeps no other from its turn. Safe to call beside itself, twice, and late.
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
    // another tick has moved it on already, or a person has changed its times
    if (fresh.nextAt !== at) return null;
    const ran = run && { runs: fresh.runs + 1 };
    // a conflict: a tick that died had started it, and then its message was changed
    const last = run && run.kind !== 'conflict' && { lastCampaignId: run.campaign.id };
    return onwards({ ...fresh, ...ran, ...last }, Math.max(at, now()));
  });
  return run !== null;
}

/**
 * What it asks for was checked when it was made; what has changed since pauses the campaign, unless
 * its audience can no longer be resolved: then there is none.
 */
const start = (ports: Ports, { id, campaign }: Schedule, when: string) =>
  enter(ports, { ...campaign, scheduleId: id }, `schedule ${id} ${when}`, `schedule ${id}`);

/** A run by hand: beside those of the plan. */
export async function runNow(ports: Ports, schedule: Schedule) {
  const entered = await start(ports, schedule, `by hand ${randomUUID()}`);
  if (entered.kind === 'conflict') throw new Error('a key that was made up is taken');
  return entered;
}

/**
 * Changes a schedule from what it is now, however many change it at the same time; `next` gives null to
 * leave it. Null: there is none.
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

/** Its next run after a time, or its end. */
export function onwards(schedule: Schedule, after: number): Schedule {
  if (schedule.state === 'paused') return { ...schedule, nextAt: null };
  const nextAt = nextRun(schedule, after);
  return { ...schedule, nextAt, state: nextAt === null ? 'ended' : 'active' };
}
