/** Sends numbered requests through a pool and checks that each is answered and processed once. */

import assert from 'node:assert/strict';
import type { Answer, Pool } from '../../functions/http2/pool/pool.ts';
import { within } from './programs.ts';

/** Deadline of all answers: some seconds, and as long as programs take that are reloaded meanwhile. */
const ANSWERS_MS = 5 * 60_000;

export interface Asked {
  path: string;
  body: string;
}

/** Even requests are for /ok, odd ones for /gone. The path of each request is unique. */
const requestOf = (i: number, body = '{}'): Asked => ({
  path: `/${i % 2 === 0 ? 'ok' : 'gone'}?${i}`,
  body,
});

/** Returns `count` requests, with `body(i)` or '{}' as the body of the i-th. */
export const requests = (count: number, body?: (i: number) => string): Asked[] =>
  Array.from({ length: count }, (_, i) => requestOf(i, body?.(i)));

const headers = { 'x-constant': 'always the same' };

/** `answered` is called for every answer, also for a second one, which would be a fault. */
function ask(pool: Pool, { path, body }: Asked, answered: (answer: Answer) => void) {
  const varying = ['apns-id', `id-${path.split('?')[1]}`] as const;
  pool.request({ path, headers, varying, body: Buffer.from(body) }, answered);
}

/**
 * Sends all requests at the same time and returns their answers in the same order. Fails if a request
 * is answered twice.
 */
export async function askAll(pool: Pool, asked: Asked[]): Promise<Answer[]> {
  let next = 0;
  return (await askMany(pool, asked.length, () => asked[next++] ?? null)).answers;
}

/** Keeps `open` requests open for as long as `more` returns true. */
export const askWhile = (pool: Pool, open: number, more: () => boolean) => {
  let next = 0;
  return askMany(pool, open, () => (more() ? requestOf(next++) : null));
};

async function askMany(pool: Pool, open: number, next: () => Asked | null) {
  const asked: Asked[] = [];
  const answers: Answer[] = [];
  const twice: string[] = [];
  let due = 0;
  const all = Promise.withResolvers<void>();
  const another = () => {
    const request = next();
    if (request === null) return;
    const i = asked.push(request) - 1;
    due += 1;
    ask(pool, request, (answer) => {
      if (answers[i] !== undefined) twice.push(request.path);
      answers[i] = answer;
      another();
      due -= 1;
      if (due === 0) all.resolve();
    });
  };
  for (let i = 0; i < open; i++) another();
  await within(all.promise, ANSWERS_MS);
  // a second answer would come before the pool is closed
  await pool.close();
  assert.deepEqual(twice, []);
  return { asked, answers };
}

/**
 * Asserts that requests for /ok were answered 200, whose body the pool leaves unread, and the others
 * `status` with the body that `body` returns.
 */
export function assertAnswers(
  asked: Asked[],
  answers: Answer[],
  status: number,
  body: (asked: Asked) => string | RegExp,
) {
  for (const [i, it] of asked.entries()) {
    const answer = answers[i]!;
    assert.ok(answer.kind === 'reply', `${it.path}: ${JSON.stringify(answer)}`);
    const isOk = it.path.startsWith('/ok');
    assert.equal(answer.status, isOk ? 200 : status, it.path);
    const expected = isOk ? '' : body(it);
    if (typeof expected === 'string') assert.equal(answer.body, expected);
    else assert.match(answer.body, expected);
  }
}

/** Asserts that the peer processed every request once. `processed`: the paths it logged. */
export function assertProcessedOnce(asked: Asked[], processed: string[]) {
  const times = new Map<string, number>();
  for (const path of processed) times.set(path, (times.get(path) ?? 0) + 1);
  const lost = asked.filter(({ path }) => !times.has(path));
  const duplicated = Array.from(times).filter(([, count]) => count > 1);
  assert.deepEqual({ lost, duplicated }, { lost: [], duplicated: [] });
  assert.equal(processed.length, asked.length);
}
