/** `volley users …`: export and erasure of the data about a user. */

import type { Command } from 'commander';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { print } from '../progress.ts';
import { Usage } from '../usage.ts';

const pathOf = (id: string) => `/v1/users/${encodeURIComponent(id)}`;

export function userCommands(program: Command, { client, io, show, hints }: Context) {
  const users = program
    .command('users')
    .alias('user')
    .description('export or erase the data about a user')
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
    .description('print all of it, one JSON object per line')
    .action(async (id: string) => {
      const path = `${pathOf(id)}/export`;
      const type = hints() === null ? 'application/json' : 'application/x-ndjson';
      for await (const bytes of await client().download(path, type)) await print(io.stdout, bytes);
    });

  users
    .command('erase')
    .argument('<id>')
    .option('--yes', 'it cannot be undone')
    .description('erase installations, failures and frozen recipients')
    .action(async (id: string, { yes }: { yes?: boolean }) => {
      if (!yes) throw new Usage(`this cannot be undone: volley users erase ${id} --yes`);
      const erased = await client().expecting(answers.erased).erase(pathOf(id));
      const { installations, recipients, failures, queued } = erased;
      show(
        erased,
        () =>
          `${installations} installations, ${recipients} recipients, ${failures} failures erased` +
          (queued ? '; more campaigns are looked through within minutes' : ''),
      );
      if (!queued && installations + recipients + failures === 0)
        hints()?.write(`nothing is known of "${id}": is it the userId that the app registers?\n`);
    });
}
