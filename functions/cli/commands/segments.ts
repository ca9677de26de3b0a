/** `volley segments …`: audiences that are saved under a name. */

import type { Command } from 'commander';
import type { SegmentView } from '../../http/segments.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { row, table } from '../table.ts';
import { readJsonFile } from '../usage.ts';

const pathOf = (name: string, app?: string) => `/v1/segments/${encodeURIComponent(name)}${of(app)}`;
const of = (app?: string) => (app === undefined ? '' : `?app=${encodeURIComponent(app)}`);

export function segmentCommands(program: Command, { client, show }: Context) {
  const segment = program
    .command('segments')
    .alias('segment')
    .description('audiences that are saved under a name');
  const verb = (name: string, description: string) =>
    segment
      .command(name)
      .option('--app <app>', 'which app (default: default)')
      .description(description);

  verb('list', 'list the segments of an app').action(async ({ app }: { app?: string }) => {
    const query = app ? `?app=${encodeURIComponent(app)}` : '';
    const items = await client().expecting(answers.segment).all(`/v1/segments${query}`);
    show({ items }, () => table(['NAME', 'AUDIENCE'], items.map(cells)));
  });

  verb('put', 'save a segment from a file: an audience as a campaign has it')
    .argument('<name>')
    .argument('<file>')
    .action(async (name: string, file: string, { app }: { app?: string }) => {
      const audience = await readAudience(file);
      const saved = await client().expecting(answers.segment).put(pathOf(name, app), { audience });
      show(saved, () => row(cells(saved)));
    });

  verb('get', 'show a segment')
    .argument('<name>')
    .action(async (name: string, { app }: { app?: string }) => {
      const it = await client().expecting(answers.segment).get(pathOf(name, app));
      show(it, () => JSON.stringify(it.audience, null, 2));
    });

  verb('remove', 'remove a segment')
    .alias('delete')
    .argument('<name>')
    .action(async (name: string, { app }: { app?: string }) => {
      await client().delete(pathOf(name, app));
      show({ name, removed: true }, () => `${name} removed`);
    });
}

const cells = ({ name, audience }: SegmentView) => [name, JSON.stringify(audience)];

const readAudience = (file: string) => readJsonFile(file, 'an audience such as {"tags": ["vip"]}');
