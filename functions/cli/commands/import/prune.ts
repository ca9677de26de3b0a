/** `volley import --prune`: removes the installations that the source has not. */

import type { Pruned } from '../../../http/installations/prune.ts';
import * as answers from '../../answers.ts';
import type { Client } from '../../client/client.ts';
import { createEnds } from '../../client/ends.ts';
import type { Context } from '../../context.ts';
import { count } from '../../format.ts';
import type { Counts } from './state.ts';

interface PruneJob {
  client: Client;
  app: string;
  /** the run that marked the installations of the source */
  run: string;
  counts: Counts;
  options: { force?: boolean; yes?: boolean };
}

/** Asks, then removes; only if the source seems complete. Gives the number of removed ones. */
export async function prune(
  { client, app, run, counts, options }: PruneJob,
  { io, isJson, say, exit }: Context,
): Promise<number> {
  const refuse = (why: string) => {
    say(`volley: nothing is pruned: ${why}\n`);
    exit(1);
    return 0;
  };
  if (counts.rejected > 0 && !options.force)
    return refuse(`${count(counts.rejected)} rows were rejected. Correct them, or add --force.`);
  const all = async (dryRun: boolean) => {
    let found = 0;
    const ends = createEnds();
    for (let after: string | null = null; ; ) {
      const body = { app, run, after, dryRun };
      const part: Pruned = await client
        .expecting(answers.pruned)
        .post('/v1/installations:prune', body);
      found += part.found;
      after = ends(part.next);
      if (after === null) return found;
    }
  };
  const found = await all(true);
  if (found === 0) return 0;
  const kept = counts.read - counts.rejected - counts.superseded - counts.tokensMoved;
  if (found > kept && !options.force)
    return refuse(
      `it would remove ${count(found)} and keep ${count(kept)}. If that is meant, add --force.`,
    );
  if (!options.yes) {
    if (isJson() || !io.ask)
      return refuse(`${count(found)} would be removed, and no terminal to ask at. Add --yes.`);
    const question = `Remove ${count(found)} installations of "${app}" that the source has not?`;
    if (!/^y(?:es)?$/i.test(await io.ask(`${question} [y/N] `))) return refuse('as you say.');
  }
  return all(false);
}
