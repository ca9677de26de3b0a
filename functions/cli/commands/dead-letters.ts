/** `volley events …`: events that no subscriber took. */

import type { Command } from 'commander';
import type { DeadLetterView } from '../../http/dead-letters.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { fold } from '../format.ts';

export function deadLetterCommands(program: Command, { client, show }: Context) {
  const events = program
    .command('events')
    .description('events that no subscriber took; your key needs the scope admin');

  events
    .command('dead-letters')
    .description('list them, the oldest first, a hundred at most')
    .action(async () => {
      const found = await client()
        .expecting(answers.listOf(answers.deadLetter))
        .get('/v1/events/dead-letters');
      show(found, () => found.items.map(line).join('\n') || 'none');
    });

  events
    .command('redrive')
    .description('publish them again, the oldest first, a hundred at most')
    .action(async () => {
      const path = '/v1/events/dead-letters:redrive';
      const done = await client().expecting(answers.redriven).post(path);
      const refused = done.refused.map(({ id, reason }) => `${id} is refused: ${reason}`);
      show(done, () => [`${done.redriven} published again`, ...refused].join('\n'));
    });
}

function line({ id, deadAt, attempts, attributes, data }: DeadLetterView): string {
  const { type = 'of no type' } = attributes;
  const tried = attempts === null ? [] : [`${attempts} attempts`];
  const said = data.replace(/\s+/g, ' ').slice(0, 200);
  return fold([deadAt, id, type, ...tried, said].join('  '), 2);
}
