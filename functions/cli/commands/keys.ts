/** `volley keys …`: the API keys. */

import type { Command } from 'commander';
import type { KeyView } from '../../http/keys.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { table } from '../table.ts';
import { collect } from '../usage.ts';

export function keyCommands(program: Command, { client, show, hints }: Context) {
  const keys = program
    .command('keys')
    .alias('key')
    .description('API keys; your key needs the scope admin')
    .addHelpText(
      'after',
      `
Examples:
  volley keys create --scope campaigns --scope read --name shop-backend
  volley keys create --scope register --app shop    # may lie in an app
  volley keys list
  volley keys revoke 3f1c9a0b5d7e2c4a`,
    );

  keys
    .command('create')
    .requiredOption(
      '--scope <scope>',
      'campaigns, installations, read, admin, or register; may be repeated',
      collect,
    )
    .option('--app <app>', 'for a key with the scope register')
    .option('--name <name>', 'what it is for (default: its scopes)')
    .description('create a key; it is shown only now')
    .action(async ({ scope, app, name }: { scope: string[]; app?: string; name?: string }) => {
      const made = await client()
        .expecting(answers.newKey)
        .post('/v1/keys', {
          name: name ?? [...scope, ...(app ? [app] : [])].join(' '),
          scopes: scope,
          ...(app !== undefined && { app }),
        });
      hints()?.write(`key ${made.id}, shown only now: store it\n`);
      show(made, () => made.key);
    });

  keys
    .command('list')
    .description('list all keys, without their secrets')
    .action(async () => {
      const { items } = await client().expecting(answers.listOf(answers.key)).get('/v1/keys');
      show({ items }, () => table(['ID', 'SCOPES', 'APP', 'CREATED', 'NAME'], items.map(cells)));
    });

  keys
    .command('revoke')
    .argument('<id>', 'as list shows it')
    .description('revoke a key; instances refuse it after half a minute at most')
    .action(async (id: string) => {
      await client().delete(`/v1/keys/${encodeURIComponent(id)}`);
      show({ id, revoked: true }, () => `${id} is revoked`);
    });
}

const cells = ({ id, name, scopes, app, createdAt }: KeyView) => [
  id,
  scopes.join(','),
  app ?? '-',
  createdAt?.slice(0, 10) ?? '-',
  name,
];
