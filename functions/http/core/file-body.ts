/** Reads the body of a call that takes a file of any size. */

import type { Context } from 'hono';
import { decoded, Unreadable } from '../../import/encoding.ts';
import { type Line, readLines } from '../../import/lines.ts';

/** The lines of the body, in batches. Throws `Unreadable`, also if the client breaks off. */
export const linesOf = (c: Context): AsyncGenerator<Line[]> =>
  readLines(decoded(untilCut(c.req.raw.body ?? empty())));

async function* empty(): AsyncGenerator<Uint8Array> {}

/** Throws `Unreadable` for a body that broke off, to tell it from a fault of the store. */
async function* untilCut(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((cause) => {
        throw new Unreadable('The body was cut off.', { cause });
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.().catch(() => {});
  }
}
