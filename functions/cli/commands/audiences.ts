/** `volley audiences upload`: an audience from a file of names. */

import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { uploadKinds } from '../../model/upload.ts';
import * as answers from '../answers.ts';
import type { Context } from '../context.ts';
import { count } from '../format.ts';

const types: [RegExp, string][] = [
  [/\.csv$/i, 'text/csv'],
  [/\.(ndjson|jsonl)$/i, 'application/x-ndjson'],
];

export function audienceCommands(program: Command, { client, show, hints }: Context) {
  program
    .command('audiences')
    .alias('audience')
    .description('audiences that are uploaded as a file')
    .command('upload')
    .argument('<file>', 'one name per line; *.csv with a header; *.ndjson, *.jsonl')
    .addOption(
      new Option('--of <kind>', 'what the names are')
        .choices(uploadKinds)
        .default('installationIds'),
    )
    .option('--app <app>', 'which app (default: default)')
    .description('upload one; its id goes in "audience": {"upload": "…"}, or --upload')
    .action(async (file: string, options: { of: string; app?: string }) => {
      const type = types.find(([name]) => name.test(file))?.[1] ?? 'text/plain';
      const query = new URLSearchParams(options);
      // a stream that cannot be read would look like a fault of the server
      await access(file);
      const done = await client()
        .expecting(answers.uploaded)
        .upload(`/v1/audiences?${query}`, type, createReadStream(file));
      for (const { line, message } of done.faults.slice(0, 20))
        hints()?.write(`line ${line}: ${message}\n`);
      hints()?.write(`${count(done.size)} names, ${count(done.rejected)} rejected\n`);
      show(done, () => done.id);
    });
}
