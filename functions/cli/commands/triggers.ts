/** `volley triggers …`: inbound webhooks of outside services. */

import type { Command } from 'commander';
import type { FailedPingView, TriggerView } from '../../http/triggers/view.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { row, table } from '../table.ts';
import { readJsonFile } from '../usage.ts';

const examples = `
Examples:
  volley triggers put orders trigger.json
  volley triggers failed orders
  volley triggers replay orders 3f1c9a0b5d7e2c4a6b80f1e2

A trigger.json, with the secret that the service signs its webhooks with:
  {"proof": {"kind": "github", "secret": "0123456789abcdef"},
   "audience": {"userIds": ["{{order.buyer}}"]},
   "message": {"title": "Order {{order.number}}"}}`;

const pathOf = (name: string) => `/v1/triggers/${encodeURIComponent(name)}`;

export function triggerCommands(program: Command, { client, show, url }: Context) {
  const trigger = program
    .command('triggers')
    .alias('trigger')
    .description('inbound webhooks that start pushes')
    .addHelpText('after', examples);

  trigger
    .command('put')
    .argument('<name>')
    .argument('<file>', 'a trigger as JSON, with its secret')
    .description('create or replace a trigger')
    .action(async (name: string, file: string) => {
      const it = await client()
        .expecting(answers.trigger)
        .put(pathOf(name), await readTrigger(file));
      // with the URL that the service has to call
      show(it, () => `${row(cells(it))}\n${url().replace(/(?<!\/)\/+$/, '')}${pathOf(name)}`);
    });

  trigger
    .command('list')
    .description('list all triggers, and how often they were called')
    .action(async () => {
      const items = await client().expecting(answers.trigger).all('/v1/triggers');
      show({ items }, () => table(['NAME', 'APP', 'PROOF', 'CALLS'], items.map(cells)));
    });

  trigger
    .command('remove')
    .alias('delete')
    .argument('<name>')
    .description('remove a trigger')
    .action(async (name: string) => {
      await client().delete(pathOf(name));
      show({ name, removed: true }, () => `${name} removed`);
    });

  trigger
    .command('failed')
    .argument('<name>')
    .description('list inbound webhooks that failed')
    .action(async (name: string) => {
      const items = await client()
        .expecting(answers.failedPing)
        .all(`${pathOf(name)}/failed`);
      show({ items }, () => table(['ID', 'AT', 'FAULTS'], items.map(failedCells)));
    });

  trigger
    .command('replay')
    .argument('<name>')
    .argument('<id>', 'of a failed webhook')
    .description('retry a failed webhook')
    .action(async (name: string, id: string) => {
      const path = `${pathOf(name)}/failed/${encodeURIComponent(id)}:replay`;
      const it = await client().expecting(answers.failedPing).post(path);
      show(it, () => `${it.id} is queued`);
    });
}

/** Its parser's error is not shown: it would quote the file, and with it the secret. */
const readTrigger = (file: string) =>
  readJsonFile(file, 'a trigger as PUT /v1/triggers/{name} takes it', { isSecret: true });

const cells = ({ name, app, proof, counts }: TriggerView) => [
  name,
  app,
  proof.kind,
  `${counts.received} received, ${counts.forged} forged`,
];

const failedCells = ({ id, at, faults }: FailedPingView) => [
  id,
  at,
  faults.map((it) => `${it.path || 'body'}: ${it.message}`).join('; '),
];
