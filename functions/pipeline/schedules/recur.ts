/**
 * recur: starts the runs of schedules that are due, each exactly once.
 *
 * A run is a campaign whose Idempotency-Key is made of the schedule and the time. So two ticks at the same
 * time, a repeated tick and a tick after one that died find the campaign that is already there. Then the
 * schedule's next time is written, by compare and set.
 */

import { hash, randomBytes, randomUUID } from 'node:crypto';
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

/** Hexadecimal digits of the id of a schedule. */
const ID_LENGTH = 20;

/**
 * Stores a new schedule under an id of its own, with the time of its first run. Throws when the store
 * fails.
 */
export async function createSchedule(ports: Ports, request: ScheduleRequest): Promise<Schedule> {
  const made = newSchedule(ports, request, { id: randomBytes(ID_LENGTH / 2).toString('hex') });
  await ports.store.putSchedule(made, null);
  return made;
}

/**
 * The schedule that a request with this Idempotency-Key made before, as it is by now; 'conflict': the
 * body was another one; null: there is none, or it was deleted. Throws when the store fails.
 */
export async function madeBefore(
  { store }: Pick<Ports, 'store'>,
  request: ScheduleRequest,
  idempotencyKey: string,
): Promise<Schedule | 'conflict' | null> {
  const found = await store.getSchedule(idOf(request, idempotencyKey));
  return found && found.requestHash !== hashOf(request) ? 'conflict' : found;
}

/** As `createSchedule`, but requests with the same key make one schedule: its id is made of the key. */
export async function createOnce(
  ports: Ports,
  request: ScheduleRequest,
  idempotencyKey: string,
): Promise<Schedule | 'conflict'> {
  const own = { id: idOf(request, idempotencyKey), requestHash: hashOf(request) };
  const made = newSchedule(ports, request, own);
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    if (await ports.store.putSchedule(made, null)) return made;
    const found = await madeBefore(ports, request, idempotencyKey);
    if (found) return found;
  }
  throw new Error(`schedule ${own.id} is made and deleted by others all the time`);
}

const hashOf = (request: ScheduleRequest) => hash('sha256', JSON.stringify(request));

/** A key belongs to one app, as those of campaigns do. */
const idOf = ({ campaign }: ScheduleRequest, idempotencyKey: string) =>
  hash('sha256', JSON.stringify(['schedule', campaign.app, idempotencyKey])).slice(0, ID_LENGTH);

function newSchedule(
  { now }: Pick<Ports, 'now'>,
  request: ScheduleRequest,
  own: Pick<Schedule, 'id' | 'requestHash'>,
): Schedule {
  return onwards(
    {
      ...request,
      ...own,
      state: 'active',
      runs: 0,
      nextAt: null,
      lastCampaignId: null,
      createdAt: now(),
      version: 0,
    },
    now(),
  );
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
