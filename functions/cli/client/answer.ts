/**
 * Checks an answer before it counts: its status, its media type, its size and its shape. An answer that
 * fails is refused with a problem document, as if the API had refused.
 */

import * as z from 'zod';
import type { Problem } from '../../http/core/problems.ts';
import { foreignProblem, strangeProblem } from './foreign.ts';

/** What an answer must have to be used. `T` is what it is then taken for; other fields are kept. */
export type Shape<T> = z.ZodType<T>;

/** An answer, or the problem because of which it does not count. */
export type Checked<T> = { answer: T } | { problem: Problem };

const MIB = 1024 * 1024;
/** Bytes of an answer that is held in memory; the largest is a page of campaigns. */
const MAX_ANSWER = 64 * MIB;
/** Bytes of a problem document: 200 faults with 1,200 characters each, escaped. */
const MAX_PROBLEM = 2 * MIB;
/** Bytes of a refusal in another form: a few words of it are quoted. */
const MAX_QUOTED = MIB / 16;

/** The media type without its parameters. */
const typeOf = ({ headers }: Response) =>
  (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();

/** Null if a body of that media type may be read as the answer. */
export async function refusalOf(response: Response, type: string): Promise<Problem | null> {
  if (response.ok && response.status !== 204 && typeOf(response) === type) return null;
  return problemOf(response);
}

/** The problem that a refusal carries; one of our own if it carries none. */
export async function problemOf(response: Response): Promise<Problem> {
  const isProblem = typeOf(response) === 'application/problem+json';
  const { text } = await readAtMost(response, isProblem ? MAX_PROBLEM : MAX_QUOTED);
  const found = isProblem && !response.ok ? problemSchema.safeParse(parsed(text)) : null;
  return found?.success ? (found.data as Problem) : foreignProblem(response, text);
}

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  next: z.string(),
  faults: z.array(z.looseObject({ path: z.string(), message: z.string() })).optional(),
});

/** The text of an answer. Throws what its body throws. */
export async function readText(response: Response, type: string): Promise<Checked<string>> {
  const problem = await refusalOf(response, type);
  if (problem) return { problem };
  const { text, isWhole, error } = await readAtMost(response, MAX_ANSWER);
  if (error) throw error;
  if (isWhole) return { answer: text };
  return { problem: strangeProblem(response, `It is larger than ${MAX_ANSWER / MIB} MiB.`) };
}

/** The value of a JSON answer. Throws what its body throws. */
export async function readJson<T>(response: Response, shape: Shape<T>): Promise<Checked<T>> {
  const read = await readText(response, 'application/json');
  return 'problem' in read ? read : checkJson(response, read.answer, shape);
}

/** The value of a JSON text of an answer. */
export function checkJson<T>(
  response: { status: number },
  text: string,
  shape: Shape<T>,
): Checked<T> {
  const value = parsed(text);
  if (value === undefined) return { problem: strangeProblem(response, 'It is not JSON.') };
  const { success, error } = shape.safeParse(value);
  // not the value that the shape gives: it would copy large answers, and could sort their fields
  if (success) return { answer: value as T };
  const { path, message } = error.issues[0]!;
  const at = path.length === 0 ? '' : ` at ${path.join('.')}`;
  return { problem: strangeProblem(response, `It has another form${at}: ${message}.`) };
}

/** Undefined if the text is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Read {
  text: string;
  /** false if there is more: the connection is given up then */
  isWhole: boolean;
  /** what the body has thrown after that text */
  error?: unknown;
}

async function readAtMost({ body }: Response, most: number): Promise<Read> {
  const parts: Uint8Array[] = [];
  const read = (isWhole: boolean) => ({
    text: new TextDecoder().decode(Buffer.concat(parts).subarray(0, most)),
    isWhole,
  });
  let size = 0;
  try {
    for await (const part of body ?? []) {
      parts.push(part);
      size += part.length;
      if (size > most) return read(false);
    }
    return read(true);
  } catch (error) {
    return { ...read(false), error };
  }
}
