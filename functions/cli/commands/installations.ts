/** `volley installations …`: maintenance of stored installations. */

import type { Command } from 'commander';
import type { NormalizedView } from '../../http/installations/normalize.ts';
import * as answers from '../answers.ts';
import { createEnds } from '../client/ends.ts';
import type { Context } from '../context.ts';
import { count } from '../format.ts';

type Counts = Omit<NormalizedView, 'next'>;

export function installationCommands(program: Command, { client, show, hints }: Context) {
  const installations = program
    .command('installations')
    .alias('installation')
    .description('maintain stored installations; your key needs the scope admin');

  installations
    .command('normalize')
    .option('--after <cursor>', 'go on where an earlier run stopped, as it printed')
    .description('normalize what an earlier version stored; once after an update')
    .action(async ({ after }: { after?: string }) => {
      const total: Counts = { read: 0, changed: 0, removed: 0 };
      const ends = createEnds();
      for (let next = after ?? null; ; ) {
        const part = await client()
          .expecting(answers.normalized)
          .post('/v1/installations:normalize', {
            after: next,
          });
        for (const name of ['read', 'changed', 'removed'] as const) total[name] += part[name];
        next = ends(part.next);
        if (next === null) break;
        hints()?.write(`${words(total)}; to go on from here: --after ${next}\n`);
      }
      show(total, () => words(total));
    });
}

const words = ({ read, changed, removed }: Counts) =>
  `${count(read)} installations read, ${count(changed)} changed, ${count(removed)} removed`;
