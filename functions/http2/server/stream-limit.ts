/**
 * How many streams a client may have open. SETTINGS hold from when the client has acknowledged them
 * (RFC 9113, section 6.5.3); until then the highest limit that it may know of is in force.
 */

/** Streams that a client may open before it has read our first SETTINGS. */
const STREAMS_BEFORE_SETTINGS = 128;

export interface StreamLimit {
  /** Tells whether one more stream is allowed when `open` are open. */
  allows(open: number): boolean;
  /** SETTINGS with a new limit have been written. */
  announced(maxStreams: number): void;
  /** The client has acknowledged the oldest SETTINGS that it had not. */
  acknowledged(): void;
}

/** `maxStreams`: the limit in our first SETTINGS. */
export function createStreamLimit(maxStreams: number): StreamLimit {
  let latest = maxStreams;
  const unacknowledged = [maxStreams];
  let inForce = Math.max(maxStreams, STREAMS_BEFORE_SETTINGS);
  return {
    allows: (open) => open < inForce,
    announced(count) {
      latest = count;
      unacknowledged.push(count);
      inForce = Math.max(inForce, count);
    },
    acknowledged() {
      // an acknowledgement of nothing is ignored
      if (unacknowledged.length === 0) return;
      unacknowledged.shift();
      inForce = Math.max(latest, ...unacknowledged);
    },
  };
}
