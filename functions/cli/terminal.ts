/** The one place where text leaves the program: no control character of others reaches the terminal. */

import { printable } from '../lib/redact.ts';
import type { Io } from './context.ts';
import type { Output } from './progress.ts';

/** The same process, with what it shows cleaned. */
export const cleaned = (io: Io): Io => ({
  ...io,
  stdout: cleanedOutput(io.stdout),
  stderr: cleanedOutput(io.stderr),
  ...(io.ask && { ask: (question) => io.ask!(printable(question)) }),
});

/**
 * Texts are cleaned. Bytes are an export, which a file or a program gets as it is; at a terminal they
 * are text, too.
 */
function cleanedOutput(output: Output): Output {
  const decoder = new TextDecoder();
  const textOf = (bytes: Uint8Array) => decoder.decode(bytes, { stream: true });
  return {
    write(it) {
      if (typeof it === 'string') return output.write(printable(it));
      return output.write(output.isTTY ? printable(textOf(it)) : it);
    },
    ...(output.once && { once: (event, listener) => output.once!(event, listener) }),
    ...(output.isTTY !== undefined && { isTTY: output.isTTY }),
    get columns() {
      return output.columns ?? 80;
    },
    bare: output,
  };
}
