/** `volley console` opens the web console of the local server; `volley whoami` says who calls. */

import type { Command } from 'commander';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';

export function consoleCommands(program: Command, { client, url, show, hints }: Context) {
  program
    .command('console')
    .description('print a link that opens the web console of a server on this machine, signed in')
    .action(async () => {
      const { path } = await client().expecting(answers.consoleCode).post('/console/code');
      const link = new URL(path, url()).href;
      hints()?.write(
        'Opens once, within ten minutes; on Google Cloud the console has its own sign-in.\n',
      );
      show({ url: link }, () => link);
    });

  program
    .command('whoami')
    .description('show who calls: the name of the key and its scopes')
    .action(async () => {
      const me = await client().expecting(answers.me).get('/v1/me');
      const app = me.app === null ? '' : `, for the app ${me.app}`;
      show(me, () => fold(`${me.name}: ${me.scopes.join(', ') || 'no scope'}${app}`, 2));
    });
}
