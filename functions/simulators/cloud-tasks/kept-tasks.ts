/** The tasks of a simulated queue, in memory, and the names of those that have ended. */

import { NAME_MS } from '../../queue/pace.ts';
import { createSchedule } from './schedule.ts';
import type { SimulatedTask } from './task.ts';

/** Limits the remembered names of finished tasks: an hour at 250 tasks a second. The oldest go first. */
const MAX_NAMES = 900_000;

/** `now`: ms since the epoch. */
export function createKeptTasks(now: () => number) {
  const tasks = new Map<string, SimulatedTask>();
  const ended = createEndedNames();
  const schedule = createSchedule<SimulatedTask>();
  return {
    get size() {
      return tasks.size;
    },
    /** Returns false if the name is in use, or was until recently. */
    add(task: SimulatedTask): boolean {
      if (tasks.has(task.id) || ended.has(task.id, now())) return false;
      tasks.set(task.id, task);
      schedule.add(task);
      return true;
    },
    get: (id: string) => tasks.get(id),
    all: () => [...tasks.values()],
    /** Takes tasks that are due, the earliest first. They stay kept, but are not given again. */
    take: schedule.take,
    /** When the next task that was not taken is due, in ms; null if there is none. */
    nextAt: schedule.nextAt,
    /** Gives a task that was taken again at that time. */
    wait(task: SimulatedTask, at: number) {
      task.at = at;
      schedule.add(task);
    },
    end(task: SimulatedTask) {
      schedule.remove(task);
      tasks.delete(task.id);
      ended.add(task.id, now());
    },
  };
}

/** The names of tasks that have ended. A new task may not have one for an hour. */
function createEndedNames() {
  /** id -> time at which the name is free again, earliest first */
  const names = new Map<string, number>();
  return {
    add(id: string, time: number) {
      names.delete(id);
      names.set(id, time + NAME_MS);
    },
    has(id: string, time: number): boolean {
      for (const [it, freeAt] of names) {
        if (freeAt > time && names.size < MAX_NAMES) break;
        names.delete(it);
      }
      return names.has(id);
    },
  };
}
