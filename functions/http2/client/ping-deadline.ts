/** Asks a connection whether it is alive. */

/**
 * Sends a PING by `send` and calls `answered` exactly once: true if the answer came within
 * `deadlineMs`. If `send` returns false, too many PINGs are waiting already, so the deadline decides.
 */
export function pingWithin(
  send: (answered: () => void) => boolean,
  deadlineMs: number,
  answered: (alive: boolean) => void,
) {
  let open = true;
  const once = (alive: boolean) => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    answered(alive);
  };
  // after a freeze of the process the answer may lie unread; it is read before an immediate runs
  const timer = setTimeout(() => setImmediate(once, false), deadlineMs).unref();
  send(() => once(true));
}
