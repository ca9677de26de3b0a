/**
 * Frames of HTTP/2 (RFC 9113, section 4 and 6): their numbers, cutting them out of what a socket
 * brings, writing them, and the values of SETTINGS.
 */

export const DATA = 0x0;
export const HEADERS = 0x1;
export const PRIORITY = 0x2;
export const RST_STREAM = 0x3;
export const SETTINGS = 0x4;
export const PUSH_PROMISE = 0x5;
export const PING = 0x6;
export const GOAWAY = 0x7;
export const WINDOW_UPDATE = 0x8;
export const CONTINUATION = 0x9;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const PRIORITIZED = 0x20;

/** Error codes (section 7). */
export const NO_ERROR = 0x0;
export const PROTOCOL_ERROR = 0x1;
export const INTERNAL_ERROR = 0x2;
export const FLOW_CONTROL_ERROR = 0x3;
export const SETTINGS_TIMEOUT = 0x4;
export const STREAM_CLOSED = 0x5;
export const FRAME_SIZE_ERROR = 0x6;
export const REFUSED_STREAM = 0x7;
export const CANCEL = 0x8;
export const COMPRESSION_ERROR = 0x9;
export const ENHANCE_YOUR_CALM = 0xb;

/** Identifiers of settings (section 6.5.2). */
export const HEADER_TABLE_SIZE = 0x1;
export const ENABLE_PUSH = 0x2;
export const MAX_CONCURRENT_STREAMS = 0x3;
export const INITIAL_WINDOW_SIZE = 0x4;
export const MAX_FRAME_SIZE = 0x5;
export const MAX_HEADER_LIST_SIZE = 0x6;

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const FRAME_HEADER = 9;
/** What both sides begin with (section 6.9.2, 6.5.2). */
export const DEFAULT_WINDOW = 65_535;
export const DEFAULT_FRAME_SIZE = 16_384;
export const DEFAULT_TABLE_SIZE = 4096;
export const MAX_WINDOW = 2 ** 31 - 1;
export const MAX_STREAM_ID = 2 ** 31 - 1;

/** The peer broke the protocol, or asks too much: the connection ends with this code. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** `buffer` from `from` to `to` is the payload; it is good until the handler returns. */
export type FrameHandler = (
  type: number,
  flags: number,
  id: number,
  buffer: Buffer,
  from: number,
  to: number,
) => void;

export interface FrameReader {
  /**
   * Hands on every frame that is complete. A frame within one chunk is read where it lies; only one
   * that is cut by the end of a chunk is copied.
   *
   * @throws ConnectionError for a frame larger than `maxFrameSize`, before it is buffered, and
   * whatever the handler throws
   */
  read(chunk: Buffer, from: number, to: number): void;
  /** Nothing is handed on any more, not even the rest of the present chunk. */
  stop(): void;
}

export function createFrameReader(maxFrameSize: number, onFrame: FrameHandler): FrameReader {
  /** the beginning of a frame that was cut, header included */
  let kept: Buffer | null = null;
  let held = 0;
  let stopped = false;

  function lengthAt(buffer: Buffer, at: number): number {
    const length = (buffer[at]! << 16) | (buffer[at + 1]! << 8) | buffer[at + 2]!;
    if (length > maxFrameSize)
      throw new ConnectionError(FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
    return length;
  }

  function handOn(buffer: Buffer, at: number, end: number) {
    // the highest bit of the stream identifier is reserved, and ignored
    const id =
      ((buffer[at + 5]! & 0x7f) << 24) |
      (buffer[at + 6]! << 16) |
      (buffer[at + 7]! << 8) |
      buffer[at + 8]!;
    onFrame(buffer[at + 3]!, buffer[at + 4]!, id, buffer, at + FRAME_HEADER, end);
  }

  /** Moves on until `held` is `wanted`, if the chunk has that much; where the chunk is read up to. */
  function fill(wanted: number, chunk: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + wanted - held);
    chunk.copy(kept!, held, from, end);
    held += end - from;
    return end;
  }

  function read(chunk: Buffer, from: number, to: number) {
    let at = from;
    if (held > 0 && !stopped) {
      if (held < FRAME_HEADER) at = fill(FRAME_HEADER, chunk, at, to);
      if (held < FRAME_HEADER) return;
      const wanted = FRAME_HEADER + lengthAt(kept!, 0);
      at = fill(wanted, chunk, at, to);
      if (held < wanted) return;
      held = 0;
      handOn(kept!, 0, wanted);
    }
    while (!stopped && to - at >= FRAME_HEADER) {
      const end = at + FRAME_HEADER + lengthAt(chunk, at);
      if (end > to) break;
      handOn(chunk, at, end);
      at = end;
    }
    if (stopped || at >= to) return;
    kept ??= Buffer.allocUnsafeSlow(FRAME_HEADER + maxFrameSize);
    held = chunk.copy(kept, 0, at, to);
  }

  return {
    read,
    stop() {
      stopped = true;
    },
  };
}

/** Writes a frame's header at `at`; there must be room. The offset behind it. */
export function writeFrameHeader(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  id: number,
): number {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out[at + 5] = id >>> 24;
  out[at + 6] = id >>> 16;
  out[at + 7] = id >>> 8;
  out[at + 8] = id;
  return at + FRAME_HEADER;
}

/** What a peer announced, or the protocol's defaults. */
export interface PeerSettings {
  headerTableSize: number;
  maxConcurrentStreams: number;
  initialWindowSize: number;
  maxFrameSize: number;
}

export const defaultSettings = (): PeerSettings => ({
  headerTableSize: DEFAULT_TABLE_SIZE,
  maxConcurrentStreams: Number.POSITIVE_INFINITY,
  initialWindowSize: DEFAULT_WINDOW,
  maxFrameSize: DEFAULT_FRAME_SIZE,
});

/**
 * Reads the payload of SETTINGS into `settings`, in order; unknown ones are ignored.
 *
 * @throws ConnectionError on a value that section 6.5.2 does not allow
 */
export function readSettings(settings: PeerSettings, buffer: Buffer, from: number, to: number) {
  if ((to - from) % 6 !== 0) throw new ConnectionError(FRAME_SIZE_ERROR, 'SETTINGS cut short');
  for (let at = from; at < to; at += 6) {
    const value = buffer.readUInt32BE(at + 2);
    switch (buffer.readUInt16BE(at)) {
      case HEADER_TABLE_SIZE:
        settings.headerTableSize = value;
        break;
      case ENABLE_PUSH:
        if (value > 1) throw new ConnectionError(PROTOCOL_ERROR, `ENABLE_PUSH of ${value}`);
        break;
      case MAX_CONCURRENT_STREAMS:
        settings.maxConcurrentStreams = value;
        break;
      case INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW)
          throw new ConnectionError(FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE of ${value}`);
        settings.initialWindowSize = value;
        break;
      case MAX_FRAME_SIZE:
        if (value < DEFAULT_FRAME_SIZE || value > 2 ** 24 - 1)
          throw new ConnectionError(PROTOCOL_ERROR, `MAX_FRAME_SIZE of ${value}`);
        settings.maxFrameSize = value;
        break;
    }
  }
}

/** The payload of SETTINGS. */
export function settingsPayload(settings: readonly (readonly [id: number, value: number])[]) {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, i * 6);
    payload.writeUInt32BE(value, i * 6 + 2);
  });
  return payload;
}
