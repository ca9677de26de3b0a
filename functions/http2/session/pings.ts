/** Answers the peer's PING and matches the answers to ours (RFC 9113, section 6.7). */

import type { Frame } from './frames.ts';
import type { Output } from './output.ts';
import { ACK, PING } from './protocol.ts';
import type { SessionWriter } from './writer.ts';

/** PINGs that may wait for their answer; the pool sends one at a time. */
const MAX_WAITING = 8;
/** Bytes of every PING's payload. */
const PAYLOAD = 8;

export interface Pings {
  /** Sends a PING and calls back when its answer comes. False: too many are waiting already. */
  send(answered: () => void): boolean;
  /** Handles a PING of the peer; its payload has 8 bytes. */
  received(frame: Frame): void;
  /** Forgets the callbacks. */
  clear(): void;
}

export function createPings(writer: SessionWriter, output: Output): Pings {
  const waiting = new Map<number, () => void>();
  /** our payload: a number that grows, in its last four bytes */
  let sent = 0;
  return {
    send(answered) {
      if (waiting.size >= MAX_WAITING) return false;
      sent = (sent + 1) >>> 0;
      waiting.set(sent, answered);
      const at = writer.writeFrame({ length: PAYLOAD, type: PING, flags: 0, id: 0 });
      output.bytes.writeUInt32BE(0, at);
      output.bytes.writeUInt32BE(sent, at + 4);
      return true;
    },
    received({ flags, bytes, from }) {
      if ((flags & ACK) === 0) {
        const at = writer.writeFrame({ length: PAYLOAD, type: PING, flags: ACK, id: 0 });
        bytes.copy(output.bytes, at, from, from + PAYLOAD);
        return;
      }
      const number = bytes.readUInt32BE(from + 4);
      const answered = waiting.get(number);
      waiting.delete(number);
      answered?.();
    },
    clear: () => waiting.clear(),
  };
}
