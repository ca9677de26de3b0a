/** A command line that makes no sense, and the files that it names. */

import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { parseExact } from '../lib/exact-json.ts';
import { findRepeatedNames } from '../lib/json-names.ts';
import { quoted } from '../lib/redact.ts';
import { oneLine } from './format.ts';

/** The command line makes no sense; `message` says what to do. The program exits with 2. */
export class Usage extends Error {}

/** A fault names this many of the names that a file repeats. */
const MAX_NAMED = 5;

/** For an option that may be repeated. */
export const collect = (value: string, earlier: string[] = []) => [...earlier, value];

/**
 * The JSON of a file, with its numbers as they were written. `what` is what it should be, with its article,
 * and how it begins if that helps. Throws `Usage` if it is no JSON, with
 * the parser's words unless the file has a secret, and the error of Node if it cannot be read.
 */
export async function readJsonFile(
  file: string,
  what: string,
  { isSecret = false } = {},
): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    // the parser quotes the file, line breaks included
    const why = isSecret ? '' : `: ${oneLine((error as Error).message)}`;
    throw new Usage(`${file} is not JSON${why}. It should be ${what}. Correct it, and try again`);
  }
  const repeated: string[] = [];
  findRepeatedNames(text, (path) => {
    if (repeated.length < MAX_NAMED) repeated.push(path());
  });
  if (repeated.length > 0)
    throw new Usage(`${file} gives a name more than once: ${quoted(repeated.join(', '))}`);
  return value;
}

/**
 * For the command that a group runs by default, where a mistyped command looks like its argument. Throws
 * `Usage`, with the commands that there are.
 */
export function takesNothing({ args: [word], parent }: Command) {
  if (word === undefined) return;
  const names = parent?.commands.map((it) => it.name()).join(', ');
  throw new Usage(`"${quoted(word)}" is none of ${names}`);
}

/** The value of an option that is a share, from 0 to 1: `2%` and `2` are 0.02. */
export function percent(text: string): number {
  const value = Number(text.replace(/%$/, '') || Number.NaN);
  if (value >= 0 && value <= 100) return Number((value / 100).toFixed(6));
  throw new InvalidArgumentError('It must be from 0 to 100, such as 2%.');
}
