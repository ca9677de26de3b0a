/** `volley installations …`: what is stored of all of them. */

import type { Command } from 'commander';
import type { NormalizedView } from '../../http/installations/normalize.ts';
import { count } from '../progress.ts';
import type { Means } from './segments.ts';

type Counts = Omit<NormalizedView, 'next'>;

export function installationCommands(program: Command, { client, show, hints }: Means) {
  const installations = program
    .command('installations')
    .alias('installation')
    .description('what is stored of all installations; your key needs the scope admin');

  installations
    .command('normalize')
    .option('--after <cursor>', 'go on where an earlier one was cut off, as it said')
    .description('bring what an earlier version stored into form; once after an update')
    .action(async ({ after }: { after?: string }) => {
      const total: Counts = { read: 0, changed: 0, removed: 0 };
      for (let next = after ?? null; ; ) {
        const part = await client().post<NormalizedView>('/v1/installations:normalize', {
          after: next,
        });
        for (const name of ['read', 'changed', 'removed'] as const) total[name] += part[name];
        next = part.next;
        if (next === null) break;
        hints()?.write(`${words(total)}; to go on from here: --after ${next}\n`);
      }
      show(total, () => words(total));
    });
}

const words = ({ read, changed, removed }: Counts) =>
  `${count(read)} installations read, ${count(changed)} changed, ${count(removed)} removed`;
