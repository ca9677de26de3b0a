/**
 * Reads Server-Sent Events, with all that the format allows (several data lines, fields without colon).
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */

export interface ServerEvent {
  id: string | null;
  event: string;
  /** '' with the event `heartbeat`, which is a comment: the server is still there */
  data: string;
}

/** The longest line, in characters; the largest event has a campaign in it. */
const MAX_LINE = 4 * 1024 * 1024;

export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  /** the pieces of a line that is not complete, and their length */
  let rest: string[] = [];
  let length = 0;
  let id: string | null = null;
  let event = '';
  let data: string[] = [];
  for await (const bytes of body) {
    const text = decoder.decode(bytes, { stream: true });
    length += text.length;
    if (length > MAX_LINE) throw new Error('the server sends a line that does not end');
    const ended = /[\r\n]/.test(text) || rest.at(-1)?.endsWith('\r');
    rest.push(text);
    if (!ended) continue;
    const lines = rest.join('').split(/\r\n|\n|\r(?!$)/);
    rest = [lines.pop()!];
    length = rest[0]!.length;
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, event: event || 'message', data: data.join('\n') };
        event = '';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const name = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (name === '') yield { id, event: 'heartbeat', data: '' };
      else if (name === 'data') data.push(value);
      else if (name === 'event') event = value;
      else if (name === 'id' && !value.includes('\0')) id = value;
    }
  }
}
