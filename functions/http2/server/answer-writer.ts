/** Writes the header blocks of answers. */

import type { Template } from '../hpack/template.ts';
import * as F from '../session/protocol.ts';
import type { Session } from '../session/session.ts';

/**
 * Writes HEADERS of an answer whose body has `size` bytes, and ends the stream if that is 0. Returns
 * false if a value is not ASCII, as an echo of the request may be; then nothing has been written.
 */
export type AnswerWriter = (
  id: number,
  status: number,
  headers: Record<string, string>,
  size: number,
) => boolean;

export function createAnswerWriter(session: Session): AnswerWriter {
  const templates = new Map<string, Template>();

  /** Returns the template for a status and header names; a server uses a handful of them. */
  function templateOf(status: number, names: string[]): Template {
    const key = `${status} ${names.join(' ')}`;
    let template = templates.get(key);
    if (template === undefined) {
      template = session.encoder.prepare([
        { name: ':status', value: String(status) },
        ...names.map((name) => ({ name })),
      ]);
      templates.set(key, template);
    }
    return template;
  }

  return (id, status, headers, size) => {
    const flags = size === 0 ? F.END_STREAM : 0;
    const more = F.FRAME_HEADER + Math.min(size, F.DEFAULT_FRAME_SIZE);
    const template = templateOf(status, Object.keys(headers));
    try {
      session.writeHeaders(id, template, Object.values(headers), flags, more);
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    return true;
  };
}
