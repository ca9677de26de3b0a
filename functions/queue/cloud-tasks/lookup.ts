/** Asks Cloud Tasks whether a task still waits to be delivered. */

import type { Log } from '../../ports/ports.ts';
import { type Caller, code, codeOf, explained } from './client.ts';

/** A new role is known everywhere some minutes after it was granted. */
const REFUSED_MS = 10 * 60 * 1000;

interface LookupOptions {
  invoker: string;
  log: Pick<Log, 'unexpected'>;
  now: () => number;
}

/**
 * True if the task, of these full names, waits. False where that may not be asked: work that is queued
 * twice is sent once.
 */
export function createLookup(caller: Caller, { invoker, log, now }: LookupOptions) {
  /** after a refusal */
  let lookAgainAt = 0;

  /**
   * "If response_time is unset, then the task has not been attempted or is currently running".
   * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks#Attempt
   */
  return async ({ parent, name }: { parent: string; name: string }): Promise<boolean> => {
    if (now() < lookAgainAt) return false;
    try {
      const [{ lastAttempt }] = await caller.tasks((client, options) =>
        client.getTask({ name, responseView: 'BASIC' }, options),
      );
      return !lastAttempt?.dispatchTime || Boolean(lastAttempt.responseTime);
    } catch (error) {
      if (codeOf(error) === code.notFound) return false;
      if (codeOf(error) !== code.permissionDenied)
        throw explained(error, { queue: parent, invoker });
      // the code may be newer than what was applied
      if (now() >= lookAgainAt)
        log.unexpected({ where: 'Cloud Tasks: tasks are not looked up', error });
      lookAgainAt = now() + REFUSED_MS;
      return false;
    }
  };
}
