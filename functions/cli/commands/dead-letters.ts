/** `volley events …`: events that no subscriber took. */

import type { Command } from 'commander';
import type { DeadLetterView } from '../../http/dead-letters.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { oneLine } from '../format.ts';
import { table } from '../table.ts';

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
      show(found, () =>
        table(['DEAD AT', 'ID', 'TYPE', 'ATTEMPTS', 'DATA'], found.items.map(cells)),
      );
    });

  events
    .command('redrive')
    .description('publish them again, the oldest first, a hundred at most')
    .action(async () => {
      const path = '/v1/events/dead-letters:redrive';
      const done = await client().expecting(answers.redriven).post(path);
      const refused = done.refused.map(({ id, reason }) => oneLine(`${id} is refused: ${reason}`));
      show(done, () => [`${done.redriven} published again`, ...refused].join('\n'));
    });
}

const cells = ({ id, deadAt, attempts, attributes, data }: DeadLetterView) => [
  deadAt,
  id,
  attributes.type ?? 'of no type',
  attempts === null ? '-' : String(attempts),
  data.replace(/\s+/g, ' ').slice(0, 200),
];
