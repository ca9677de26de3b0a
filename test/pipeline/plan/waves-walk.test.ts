/** More seeds by hand: WALKS=100-300 npx node --test test/pipeline/plan/waves-walk.test.ts */

import { test } from 'node:test';
import { walk } from './walk/walk.ts';

const [from = 1, to = from] = (process.env.WALKS ?? '1-8').split('-').map(Number);
for (let seed = from; seed <= to; seed++)
  test(`local time, quiet hours, caps and opt-outs, whatever happens meanwhile (seed ${seed})`, (t) =>
    walk(t, seed));
