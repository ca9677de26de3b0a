/** `volley triggers …`: what outside services start by pinging. */

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { FailedPingView, TriggerView } from '../../http/triggers/triggers.ts';
import { parseExact } from '../../lib/exact-json.ts';
import { Usage } from '../campaign-request.ts';
import type { Means } from './segments.ts';

const examples = `
Examples:
  volley triggers put orders trigger.json
  volley triggers failed orders
  volley triggers replay orders 3f1c9a0b5d7e2c4a6b80f1e2

A trigger.json, whose secret the other side signs its pings with:
  {"proof": {"kind": "github", "secret": "0123456789abcdef"},
   "audience": {"userIds": ["{{order.buyer}}"]},
   "message": {"title": "Order {{order.number}}"}}`;

const pathOf = (name: string) => `/v1/triggers/${encodeURIComponent(name)}`;

export function triggerCommands(
  program: Command,
  { client, show, url }: Pick<Means, 'client' | 'show'> & { url(): string },
) {
  const trigger = program
    .command('triggers')
    .alias('trigger')
    .description('pings of outside services that push')
    .addHelpText('after', examples);

  trigger
    .command('put')
    .argument('<name>')
    .argument('<file>', 'a trigger as JSON, with its secret')
    .description('make or replace a trigger')
    .action(async (name: string, file: string) => {
      const it = await client().put<TriggerView>(pathOf(name), await jsonOf(file));
      // where the other side is to ping it
      show(it, () => `${line(it)}\n${url().replace(/(?<!\/)\/+$/, '')}${pathOf(name)}`);
    });

  trigger
    .command('list')
    .description('those there are, and how often they were pinged')
    .action(async () => {
      const items = await client().all<TriggerView>('/v1/triggers');
      show({ items }, () => items.map(line).join('\n') || 'none');
    });

  trigger
    .command('remove')
    .alias('delete')
    .argument('<name>')
    .description('take no pings of it any more')
    .action(async (name: string) => {
      await client().delete(pathOf(name));
      show({ name, removed: true }, () => `${name} removed`);
    });

  trigger
    .command('failed')
    .argument('<name>')
    .description('pings of which no campaign could be made')
    .action(async (name: string) => {
      const items = await client().all<FailedPingView>(`${pathOf(name)}/failed`);
      show({ items }, () => items.map(failedLine).join('\n') || 'none');
    });

  trigger
    .command('replay')
    .argument('<name>')
    .argument('<id>', 'of a failed ping')
    .description('try a failed ping again')
    .action(async (name: string, id: string) => {
      const path = `${pathOf(name)}/failed/${encodeURIComponent(id)}:replay`;
      const it = await client().post<FailedPingView>(path);
      show(it, () => `${it.id} is queued`);
    });
}

async function jsonOf(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return parseExact(text);
  } catch {
    // what is in it is secret, and the parser would quote it
    throw new Usage(`${file} is not JSON`);
  }
}

const line = ({ name, app, proof, counts }: TriggerView) =>
  `${name}  ${app}  ${proof.kind}  ${counts.received} received, ${counts.forged} forged`;

const failedLine = ({ id, at, faults }: FailedPingView) =>
  [`${id}  ${at}`, ...faults.map((it) => `  ${it.path || 'body'}: ${it.message}`)].join('\n');
