/** A command line that makes no sense, and the files that it names. */

import { readFile } from 'node:fs/promises';
import { parseExact } from '../lib/exact-json.ts';

/** The command line makes no sense; `message` says what to do. The program exits with 2. */
export class Usage extends Error {}

/** For an option that may be repeated. */
export const collect = (value: string, earlier: string[] = []) => [...earlier, value];

/**
 * The JSON of a file, with its numbers as they were written. Throws `Usage` with what `explain` makes
 * of the parser's error, and the error of Node if the file cannot be read.
 */
export async function readJsonFile(
  file: string,
  explain: (error: Error) => string,
): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return parseExact(text);
  } catch (error) {
    throw new Usage(explain(error as Error));
  }
}
