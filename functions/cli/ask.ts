/** Asks a question at the terminal. */

import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How long to wait for an answer. */
const ASK_MS = 10 * 60 * 1000;

/** Gives the line typed, without the spaces around it; empty where none comes in ten minutes. */
export type Ask = (question: string) => Promise<string>;

/** Undefined where there is no terminal to ask at. */
export const askAtTerminal: Ask | undefined = process.stdin.isTTY ? ask : undefined;

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const late = new AbortController();
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([
      lines.question(question),
      closed,
      delay(ASK_MS, '', { signal: late.signal }),
    ]);
    return answer.trim();
  } finally {
    late.abort();
    lines.close();
  }
}
