/**
 * recur: starts the runs of schedules that are due, each exactly once.
 *
 * A run is a campaign whose Idempotency-Key is made of the schedule and the time. So two ticks at the same
 * time, a repeated tick and a tick after one that died find the campaign that is already there. Then the
 * schedule's next time is written, by compare and set.
 *
 * A run of a local schedule lasts for 26 hours, so that it can be late for some devices only. After a downtime
 * all runs are started that are not over everywhere: what a device has missed is then said for each.
 */

import { hash, randomBytes, randomUUID } from 'node:crypto';
import {
  localTimeOf,
  MISSED_AFTER_MS,
  nextRun,
  type Schedule,
  type ScheduleRequest,
} from '../../model/schedule.ts';
import { isOver, type LocalTime } from '../../model/waves.ts';
import type { Ports } from '../../ports/ports.ts';
import { enter } from '../accept/accept.ts';

/** Attempts at a compare and set. Other writers of a schedule are a person, or another tick. */
const MAX_TRIES = 10;

/** Runs of one local schedule that a tick starts: a day's downtime of one that runs every quarter of an hour. */
const MOST_RUNS = 100;

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
        started += await startRuns(ports, schedule);
      } catch (error) {
        log.unexpected({ where: `schedule ${schedule.id}`, error });
      }
  return started;
}

/** Starts the runs of a schedule that are due: one, or of a local one `MOST_RUNS`. Returns how many. */
async function startRuns(ports: Ports, schedule: Schedule): Promise<number> {
  let started = 0;
  let current: Schedule | null = schedule;
  for (let tries = 0; tries < MOST_RUNS; tries++) {
    if (!current || current.nextAt === null || current.nextAt > ports.now()) break;
    const tried = await startRun(ports, current);
    if (tried.isStarted) started += 1;
    current = tried.schedule;
  }
  return started;
}

interface Tried {
  isStarted: boolean;
  /** as it is stored then; null: it was deleted */
  schedule: Schedule | null;
}

/** A run: when it is due, in ms since the epoch, and for a local schedule, its local time. */
interface Run {
  at: number;
  local?: LocalTime;
}

/** The run to start; null: all that are due were missed. */
function dueRun(schedule: Schedule, now: number): Run | null {
  const { nextAt, missed } = schedule;
  if (!schedule.local)
    return missed === 'skip' && now - nextAt! > MISSED_AFTER_MS ? null : { at: nextAt! };
  for (let at = nextAt; at !== null && at <= now; at = nextRun(schedule, at)) {
    const local = localTimeOf(schedule, at, now);
    if (!isOver(local)) return { at, local };
  }
  return null;
}

/** Starts the first run that is due, unless it was missed. */
async function startRun(ports: Ports, schedule: Schedule): Promise<Tried> {
  const { now, log } = ports;
  const { nextAt } = schedule;
  const due = dueRun(schedule, now());
  const entered = due && (await start(ports, schedule, `${due.at}`, due.local));
  if (entered?.kind === 'refused')
    log.runRefused({ scheduleId: schedule.id, at: due!.at, faults: entered.faults });
  const run = entered?.kind === 'refused' ? null : entered;
  // one run makes up for all that were missed; but one of a local schedule is not over for all devices
  const done = due?.local ? due.at : Math.max(nextAt!, now());
  const changed = await change(ports, schedule.id, (fresh) => {
    // another tick has written the next time already, or a person has changed it
    if (fresh.nextAt !== nextAt) return null;
    const ran = run && { runs: fresh.runs + 1 };
    // a conflict: a tick had started this run and died, and the message was changed after that
    const last = run && run.kind !== 'conflict' && { lastCampaignId: run.campaign.id };
    return onwards({ ...fresh, ...ran, ...last }, done);
  });
  return { isStarted: run !== null, schedule: changed };
}

/**
 * Starts one run. The request was checked when the schedule was made. The run is refused if its audience
 * can no longer be resolved; other faults pause the campaign. A repeated run finds the campaign that is there
 * with its own time: `since` and `next` are no part of the request.
 */
function start(ports: Ports, { id, campaign }: Schedule, when: string, time?: LocalTime) {
  const schedule = time && { local: time.local, late: time.late };
  const request = { ...campaign, ...(schedule && { schedule }), scheduleId: id };
  return enter(ports, request, `schedule ${id} ${when}`, `schedule ${id}`, time);
}

/**
 * Starts a run by hand, in addition to those at their times: it is sent to all together, with `local` too.
 * Throws when the store or the queue fails.
 */
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
