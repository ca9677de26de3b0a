/** The frames of either half, written into what leaves with this turn. */

import type { Encoder, Template } from '../hpack/encoder.ts';
import * as F from './frames.ts';
import type { Output } from './output.ts';

export type SettingsList = readonly (readonly [id: number, value: number])[];

export interface SessionWriter {
  /** Writes a header block, in as many frames as it takes; there is room for `more` afterwards. */
  writeHeaders(
    id: number,
    template: Template,
    values: readonly string[],
    flags: number,
    more: number,
  ): void;
  writeSettings(settings: SettingsList): void;
  /** A frame of one number: RST_STREAM or WINDOW_UPDATE. */
  writeNumber(type: number, id: number, value: number): void;
  /** `id`: the last stream of the peer that was, or may be, processed. */
  writeGoaway(id: number, code: number, reason: string): void;
  /** Where the payload goes; `length` bytes of it are taken to be written. */
  writeFrame(type: number, flags: number, id: number, length: number): number;
}

export function createSessionWriter(
  output: Output,
  encoder: Encoder,
  peer: F.PeerSettings,
): SessionWriter {
  function writeFrame(type: number, flags: number, id: number, length: number): number {
    output.reserve(F.FRAME_HEADER + length);
    const at = F.writeFrameHeader(output.bytes, output.end, length, type, flags, id);
    output.end = at + length;
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
    if (length <= peer.maxFrameSize) {
      F.writeFrameHeader(bytes, output.end, length, F.HEADERS, flags | F.END_HEADERS, id);
      output.end = end;
      return;
    }
    const encoded = Buffer.from(bytes.subarray(start, end));
    for (let from = 0; from < length; from += peer.maxFrameSize) {
      const to = Math.min(length, from + peer.maxFrameSize);
      const type = from === 0 ? F.HEADERS : F.CONTINUATION;
      const ends = to === length ? F.END_HEADERS : 0;
      const at = writeFrame(type, (from === 0 ? flags : 0) | ends, id, to - from);
      encoded.copy(output.bytes, at, from, to);
    }
  }

  return {
    writeFrame,
    writeHeaders,
    writeNumber(type, id, value) {
      const at = writeFrame(type, 0, id, 4);
      output.bytes.writeUInt32BE(value, at);
    },
    writeSettings(list) {
      const payload = F.settingsPayload(list);
      const at = writeFrame(F.SETTINGS, 0, 0, payload.length);
      payload.copy(output.bytes, at);
    },
    writeGoaway(id, code, reason) {
      const debug = Buffer.from(reason);
      const at = writeFrame(F.GOAWAY, 0, 0, 8 + debug.length);
      output.bytes.writeUInt32BE(id, at);
      output.bytes.writeUInt32BE(code, at + 4);
      debug.copy(output.bytes, at + 8);
    },
  };
}
