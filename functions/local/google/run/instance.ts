/**
 * An instance as Cloud Run keeps it with request-based billing: it has a CPU while it starts, while it
 * has requests and while it ends, and none between. The end is SIGTERM, then SIGKILL.
 * https://cloud.google.com/run/docs/configuring/billing-settings
 * https://cloud.google.com/run/docs/container-contract#instance-shutdown
 */

import type { ChildProcess } from 'node:child_process';
import type { Fn } from '../function.ts';

export interface Instance {
  port: number;
  /** requests under way */
  atWork(): number;
  /** without a CPU now */
  isFrozen(): boolean;
  /** SIGTERM has been sent: it gets no more requests */
  isEnding(): boolean;
  begin(): void;
  /** A request has ended. */
  done(): void;
  /** Takes its CPU away if it has no request. */
  rest(): void;
  /** Its exit code, or null if it had to be killed after `stopMs`. */
  end(stopMs: number): Promise<number | null>;
}

/** Without a CPU they would not notice the end of this process, and stay for ever. */
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
