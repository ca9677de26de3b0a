import assert from 'node:assert/strict';
import type { Answer, Pool } from '../../functions/http2/pool/pool.ts';
import { within } from './programs.ts';

const ANSWERS_MS = 60_000;

export interface Asked {
  path: string;
  body: string;
}

/** Every other one is for /ok, the rest for /gone; each path is of one request. */
const requestOf = (i: number, body = '{}'): Asked => ({
  path: `/${i % 2 === 0 ? 'ok' : 'gone'}?${i}`,
  body,
});

export const requests = (count: number, body?: (i: number) => string): Asked[] =>
  Array.from({ length: count }, (_, i) => requestOf(i, body?.(i)));

const headers = { 'x-constant': 'always the same' };

/** `answered` is called for each answer, those that nobody should get included. */
function ask(pool: Pool, { path, body }: Asked, answered: (answer: Answer) => void) {
  const varying = ['apns-id', `id-${path.split('?')[1]}`] as const;
  pool.request({ path, headers, varying, body: Buffer.from(body) }, answered);
}

/** All at once; the answer to each, in the order of the requests. Fails when one is answered twice. */
export async function askAll(pool: Pool, asked: Asked[]): Promise<Answer[]> {
  let next = 0;
  return (await askMany(pool, asked.length, () => asked[next++] ?? null)).answers;
}

/** So many at a time, for as long as there are to be more. */
export const askWhile = (pool: Pool, atOnce: number, more: () => boolean) => {
  let next = 0;
  return askMany(pool, atOnce, () => (more() ? requestOf(next++) : null));
};

async function askMany(pool: Pool, atOnce: number, next: () => Asked | null) {
  const asked: Asked[] = [];
  const answers: Answer[] = [];
  const twice: string[] = [];
  let due = 0;
  const all = Promise.withResolvers<void>();
  const another = () => {
    const it = next();
    if (it === null) return;
    const i = asked.push(it) - 1;
    due += 1;
    ask(pool, it, (answer) => {
      if (answers[i] !== undefined) twice.push(it.path);
      answers[i] = answer;
      another();
      due -= 1;
      if (due === 0) all.resolve();
    });
  };
  for (let i = 0; i < atOnce; i++) another();
  await within(all.promise, ANSWERS_MS);
  // an answer too many comes before the pool is closed
  await pool.close();
  assert.deepEqual(twice, []);
  return { asked, answers };
}

/** 200 without a body, which the pool leaves unread, or `status` with what `body` expects. */
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

/** What the peer says it processed: each request, and each of them once. */
export function assertProcessedOnce(asked: Asked[], processed: string[]) {
  const times = new Map<string, number>();
  for (const path of processed) times.set(path, (times.get(path) ?? 0) + 1);
  const lost = asked.filter(({ path }) => !times.has(path));
  const duplicated = Array.from(times).filter(([, count]) => count > 1);
  assert.deepEqual({ lost, duplicated }, { lost: [], duplicated: [] });
  assert.equal(processed.length, asked.length);
}
