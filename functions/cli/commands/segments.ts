/** `volley segments …` and `volley audiences …`: whom campaigns are for, kept under a name or an id. */

import { createReadStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { Uploaded } from '../../http/audiences.ts';
import type { SegmentView } from '../../http/segments.ts';
import { parseExact } from '../../lib/exact-json.ts';
import { uploadKinds } from '../../model/upload.ts';
import { Usage } from '../campaign-request.ts';
import type { Client } from '../client.ts';
import { count, type Output } from '../progress.ts';

export interface Means {
  client(): Client;
  /** one document on stdout: as JSON if that was asked for, as text if not */
  show(document: unknown, text: () => string): void;
  /** for faults and hints; null with --json */
  hints(): Output | null;
  exit(code: 0 | 1): void;
}

const pathOf = (name: string, app?: string) => `/v1/segments/${encodeURIComponent(name)}${of(app)}`;
const of = (app?: string) => (app === undefined ? '' : `?app=${encodeURIComponent(app)}`);

export function segmentCommands(program: Command, { client, show }: Means) {
  const segment = program
    .command('segments')
    .alias('segment')
    .description('audiences that are saved under a name');
  const verb = (name: string, description: string) =>
    segment.command(name).option('--app <app>').description(description);

  verb('list', 'all of an app').action(async ({ app }: { app?: string }) => {
    const query = app ? `?app=${encodeURIComponent(app)}` : '';
    const items = await client().all<SegmentView>(`/v1/segments${query}`);
    show({ items }, () => items.map(line).join('\n') || 'no segments');
  });

  verb('put', 'save one from a file: an audience as a campaign has it')
    .argument('<name>')
    .argument('<file>')
    .action(async (name: string, file: string, { app }: { app?: string }) => {
      const audience = await readAudience(file);
      const saved = await client().put<SegmentView>(pathOf(name, app), { audience });
      show(saved, () => line(saved));
    });

  verb('get', 'look at one')
    .argument('<name>')
    .action(async (name: string, { app }: { app?: string }) => {
      const it = await client().get<SegmentView>(pathOf(name, app));
      show(it, () => JSON.stringify(it.audience, null, 2));
    });

  verb('remove', 'forget one')
    .alias('delete')
    .argument('<name>')
    .action(async (name: string, { app }: { app?: string }) => {
      await client().delete(pathOf(name, app));
      show({ name, removed: true }, () => `${name} removed`);
    });
}

const line = ({ name, audience }: SegmentView) => `${name}  ${JSON.stringify(audience)}`;

async function readAudience(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return parseExact(text);
  } catch {
    throw new Usage(`${file} is not JSON; it should be an audience such as {"tags": ["vip"]}`);
  }
}

const types: [RegExp, string][] = [
  [/\.csv$/i, 'text/csv'],
  [/\.(ndjson|jsonl)$/i, 'application/x-ndjson'],
];

export function audienceCommands(program: Command, { client, show, hints }: Means) {
  program
    .command('audiences')
    .alias('audience')
    .description('audiences that are named one by one')
    .command('upload')
    .argument('<file>', 'one name a line; *.csv with a header; *.ndjson, *.jsonl')
    .addOption(
      new Option('--of <kind>', 'what the names are')
        .choices(uploadKinds)
        .default('installationIds'),
    )
    .option('--app <app>')
    .description('upload one; its id goes in "audience": {"upload": "…"}, or --upload')
    .action(async (file: string, options: { of: string; app?: string }) => {
      const type = types.find(([name]) => name.test(file))?.[1] ?? 'text/plain';
      const query = new URLSearchParams(options);
      // a stream that fails later would look like the server's fault
      await access(file);
      const done = await client().upload<Uploaded>(
        `/v1/audiences?${query}`,
        type,
        createReadStream(file),
      );
      for (const { line, message } of done.faults.slice(0, 20))
        hints()?.write(`line ${line}: ${message}\n`);
      hints()?.write(`${count(done.size)} names, ${count(done.rejected)} rejected\n`);
      show(done, () => done.id);
    });
}
