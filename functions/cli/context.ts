/** What the command line has of the process it runs in. */

import type { Ask } from './ask.ts';
import type { Output } from './progress.ts';

export interface Io {
  env: Record<string, string | undefined>;
  stdout: Output;
  stderr: Output;
  fetch?: typeof globalThis.fetch;
  /** where there is a terminal to ask at */
  ask?: Ask;
}
