/** `volley users …`: what is known of somebody, and its end. */

import type { Command } from 'commander';
import type { ErasedView } from '../../http/users.ts';
import { Usage } from '../campaign-request.ts';
import { type Output, print } from '../progress.ts';
import type { Means } from './segments.ts';

const pathOf = (id: string) => `/v1/users/${encodeURIComponent(id)}`;

export function userCommands(program: Command, { client, show, hints }: Means, stdout: Output) {
  const users = program
    .command('users')
    .alias('user')
    .description('what is known of a user')
    .addHelpText(
      'after',
      `
Examples:
  volley users export user-7 > user-7.ndjson
  volley users erase user-7 --yes`,
    );

  users
    .command('export')
    .argument('<id>')
    .description('all of it, a JSON object a line')
    .action(async (id: string) => {
      const path = `${pathOf(id)}/export`;
      const type = hints() === null ? 'application/json' : 'application/x-ndjson';
      for await (const bytes of await client().download(path, type)) await print(stdout, bytes);
    });

  users
    .command('erase')
    .argument('<id>')
    .option('--yes', 'it cannot be undone')
    .description('installations, failures, and what campaigns have frozen')
    .action(async (id: string, { yes }: { yes?: boolean }) => {
      if (!yes) throw new Usage(`this cannot be undone: volley users erase ${id} --yes`);
      const erased = await client().erase<ErasedView>(pathOf(id));
      const { installations, recipients, failures } = erased;
      show(
        erased,
        () =>
          `${installations} installations, ${recipients} recipients, ${failures} failures erased`,
      );
      if (installations + recipients + failures === 0)
        hints()?.write(`nothing is known of "${id}": is it the userId that the app registers?\n`);
    });
}
