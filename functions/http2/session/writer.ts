/** Writes frames into the output, which leaves at the end of this turn of the event loop. */

import type { Encoder } from '../hpack/encoder.ts';
import type { Template } from '../hpack/template.ts';
import { type FrameHead, writeFrameHeader } from './frames.ts';
import type { Output } from './output.ts';
import * as F from './protocol.ts';
import { type PeerSettings, type SettingsList, settingsPayload } from './settings.ts';

export interface SessionWriter {
  /**
   * Writes a header block on stream `id`, in as many frames as it takes. `more`: bytes that there is
   * room for afterwards.
   *
   * @throws RangeError if a value is not ASCII; then nothing has been written
   */
  writeHeaders(
    id: number,
    template: Template,
    values: readonly string[],
    flags: number,
    more: number,
  ): void;
  writeSettings(settings: SettingsList): void;
  /** Writes a frame whose payload is one 32-bit number: RST_STREAM or WINDOW_UPDATE. */
  writeNumber(type: number, id: number, value: number): void;
  /** `id`: the last stream of the peer that was or may be processed (RFC 9113, section 6.8). */
  writeGoaway(id: number, code: number, reason: string): void;
  /** Writes a frame's header and returns the offset in `output.bytes` where its payload must go. */
  writeFrame(head: FrameHead): number;
}

export function createSessionWriter(
  output: Output,
  encoder: Encoder,
  peer: PeerSettings,
): SessionWriter {
  function writeFrame(head: FrameHead): number {
    output.reserve(F.FRAME_HEADER + head.length);
    const at = writeFrameHeader(output.bytes, output.end, head);
    output.end = at + head.length;
    return at;
  }

  function writeHeaders(
    id: number,
    template: Template,
    values: readonly string[],
    flags: number,
    more: number,
  ) {
    let bound = template.bound;
    for (let i = 0; i < values.length; i++) bound += values[i]!.length;
    const frames = bound > F.DEFAULT_FRAME_SIZE ? Math.ceil(bound / peer.maxFrameSize) + 1 : 1;
    output.reserve(bound + frames * F.FRAME_HEADER + more);
    const { bytes } = output;
    const start = output.end + F.FRAME_HEADER;
    const end = encoder.encode(bytes, start, template, values);
    const length = end - start;
    if (length > peer.maxFrameSize)
      return writeBlock(id, flags, Buffer.from(bytes.subarray(start, end)));
    const head = { length, type: F.HEADERS, flags: flags | F.END_HEADERS, id };
    writeFrameHeader(bytes, output.end, head);
    output.end = end;
  }

  /** Writes a block that is too long for one frame as HEADERS and CONTINUATION (section 4.3). */
  function writeBlock(id: number, flags: number, block: Buffer) {
    for (let from = 0; from < block.length; from += peer.maxFrameSize) {
      const to = Math.min(block.length, from + peer.maxFrameSize);
      const type = from === 0 ? F.HEADERS : F.CONTINUATION;
      const own = from === 0 ? flags : 0;
      const ends = to === block.length ? F.END_HEADERS : 0;
      const at = writeFrame({ length: to - from, type, flags: own | ends, id });
      block.copy(output.bytes, at, from, to);
    }
  }

  return {
    writeFrame,
    writeHeaders,
    writeNumber(type, id, value) {
      const at = writeFrame({ length: 4, type, flags: 0, id });
      output.bytes.writeUInt32BE(value, at);
    },
    writeSettings(list) {
      const payload = settingsPayload(list);
      const at = writeFrame({ length: payload.length, type: F.SETTINGS, flags: 0, id: 0 });
      payload.copy(output.bytes, at);
    },
    writeGoaway(id, code, reason) {
      const debug = Buffer.from(reason);
      const at = writeFrame({ length: 8 + debug.length, type: F.GOAWAY, flags: 0, id: 0 });
      output.bytes.writeUInt32BE(id, at);
      output.bytes.writeUInt32BE(code, at + 4);
      debug.copy(output.bytes, at + 8);
    },
  };
}
