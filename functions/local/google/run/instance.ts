/**
 * An instance of Cloud Run with request-based billing: it has a CPU while it starts, has requests or
 * ends, otherwise none. It ends by SIGTERM, then SIGKILL.
 * https://cloud.google.com/run/docs/configuring/billing-settings
 * https://cloud.google.com/run/docs/container-contract#instance-shutdown
 */

import type { ChildProcess } from 'node:child_process';
import type { Fn } from '../function.ts';

export interface Instance {
  port: number;
  /** requests in progress */
  atWork(): number;
  /** true while it has no CPU */
  isFrozen(): boolean;
  /** SIGTERM was sent, and it gets no more requests */
  isEnding(): boolean;
  begin(): void;
  /** Called when a request has ended. */
  done(): void;
  /** Takes the CPU away if the instance has no request. */
  rest(): void;
  /** Ends it. Returns the exit code, or null if it was killed after `stopMs`. */
  end(stopMs: number): Promise<number | null>;
}

/** Frozen processes would not notice the end of this process and would stay forever, so it kills them. */
const stopped = new Set<ChildProcess>();
let isGuarded = false;

function guard() {
  if (isGuarded) return;
  isGuarded = true;
  const thawAll = () => {
    for (const child of stopped) child.kill('SIGCONT');
  };
  process.once('exit', thawAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      thawAll();
      process.kill(process.pid, signal);
    });
}

export function createInstance({ url, child, end }: Fn, onFreeze: () => void): Instance {
  let atWork = 0;
  let frozen = false;
  let ending = false;

  child.once('exit', () => stopped.delete(child));

  function thaw() {
    if (frozen) child.kill('SIGCONT');
    frozen = false;
    stopped.delete(child);
  }

  return {
    port: Number(new URL(url).port),
    atWork: () => atWork,
    isFrozen: () => frozen,
    isEnding: () => ending,
    begin() {
      thaw();
      atWork++;
    },
    done: () => void atWork--,
    rest() {
      if (frozen || ending || atWork > 0) return;
      guard();
      frozen = child.kill('SIGSTOP');
      if (!frozen) return;
      stopped.add(child);
      onFreeze();
    },
    async end(stopMs) {
      ending = true;
      thaw();
      const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
      const { code } = await end('SIGTERM');
      clearTimeout(late);
      return code;
    },
  };
}
