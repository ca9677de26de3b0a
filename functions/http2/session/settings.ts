/** The payload of SETTINGS (RFC 9113, section 6.5). */

import * as F from './protocol.ts';

export type SettingsList = readonly (readonly [id: number, value: number])[];

/** What a peer announced, or the protocol's defaults. */
export interface PeerSettings {
  /** bytes of the dynamic table of its decoder */
  headerTableSize: number;
  /** streams that we may have open */
  maxConcurrentStreams: number;
  /** bytes that we may send on a stream before a WINDOW_UPDATE */
  initialWindowSize: number;
  /** bytes of the largest payload that it takes */
  maxFrameSize: number;
}

export const defaultSettings = (): PeerSettings => ({
  headerTableSize: F.DEFAULT_TABLE_SIZE,
  maxConcurrentStreams: Number.POSITIVE_INFINITY,
  initialWindowSize: F.DEFAULT_WINDOW,
  maxFrameSize: F.DEFAULT_FRAME_SIZE,
});

/**
 * Reads bytes `from` to `to` of `buffer` into `settings`, in their order. Unknown settings are ignored.
 *
 * @throws ConnectionError on a value that section 6.5.2 does not allow
 */
export function readSettings(settings: PeerSettings, buffer: Buffer, from: number, to: number) {
  if ((to - from) % 6 !== 0) throw new F.ConnectionError(F.FRAME_SIZE_ERROR, 'SETTINGS cut short');
  for (let at = from; at < to; at += 6) {
    const value = buffer.readUInt32BE(at + 2);
    switch (buffer.readUInt16BE(at)) {
      case F.HEADER_TABLE_SIZE:
        settings.headerTableSize = value;
        break;
      case F.ENABLE_PUSH:
        if (value > 1) throw new F.ConnectionError(F.PROTOCOL_ERROR, `ENABLE_PUSH of ${value}`);
        break;
      case F.MAX_CONCURRENT_STREAMS:
        settings.maxConcurrentStreams = value;
        break;
      case F.INITIAL_WINDOW_SIZE:
        if (value > F.MAX_WINDOW)
          throw new F.ConnectionError(F.FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE of ${value}`);
        settings.initialWindowSize = value;
        break;
      case F.MAX_FRAME_SIZE:
        if (value < F.DEFAULT_FRAME_SIZE || value > 2 ** 24 - 1)
          throw new F.ConnectionError(F.PROTOCOL_ERROR, `MAX_FRAME_SIZE of ${value}`);
        settings.maxFrameSize = value;
        break;
    }
  }
}

/** Returns the payload of SETTINGS with this list, in its order. */
export function settingsPayload(settings: SettingsList): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return payload;
}
