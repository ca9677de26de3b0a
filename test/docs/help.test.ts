/** The examples in the help of commands, typed as they stand: with real ids, beside the files they name. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { run as volley } from '../../functions/cli/program.ts';
import { blocksOf, readPage } from './markdown.ts';
import { startShell } from './shell.ts';

const example = (name: string) => readFileSync(`examples/${name}`);

/** By the names that examples give them. */
const files: Record<string, string | Buffer> = {
  'installations.csv': example('installations.csv')
    .subarray(0, 20_000)
    .toString()
    .replace(/.*$/, ''),
  'dump.ndjson': `{"id":"d1","push_token":"${'b2'.repeat(32)}","device":"ios"}\n`,
  'players.csv.gz': gzipSync(example('exports/onesignal.csv')),
  'campaign.json': example('campaign.json'),
  'summer.json': example('campaign.json'),
  'other.json': example('campaign.json'),
  'device.json': `[{"id":"device-1","platform":"ios","token":"${'a1'.repeat(32)}","userId":"user-7"},
    {"id":"device-2","platform":"ios","token":"${'c3'.repeat(32)}","userId":"me"}]`,
  'vip.json': '{"tags": ["vip"]}',
  'ids.txt': 'user-7\n',
  'tokens.csv': `token\n${'a1'.repeat(32)}\n`,
};

/** What this engine does not have: a database of others, a topic and its dead letters. */
const elsewhere = /^(import postgres:|events )|--publish/;

type Value = Parameters<Awaited<ReturnType<typeof startShell>>['value']>[0];

/** What stands for the id of 20 digits, by how an example begins. */
const ids: [begins: RegExp, value: Value][] = [
  [/^reschedule /, 'PLANNED'],
  [/^(pause|resume) /, 'RUNNING'],
  [/^retry-failures /, 'FAILED'],
  [/^schedules /, 'SCHEDULE'],
  [/^webhooks /, 'WEBHOOK'],
  [/^/, 'CAMPAIGN'],
];

test('the examples in the help of each command do what they say', {
  timeout: 20 * 60_000,
}, async (t) => {
  const shell = await startShell(t);
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(shell.folder, name), content);
  const trigger = join(shell.folder, 'trigger.json');
  const shown = blocksOf(readPage('docs/api.md'), 'json').find((it) => it.includes('"proof"'));
  shell.write('trigger.json', shown!);

  const typed = async (...args: string[]) => {
    const out = { stdout: '', stderr: '' };
    const to = (name: 'stdout' | 'stderr') => ({
      write: (text: string | Uint8Array) => {
        out[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
        return true;
      },
    });
    const env = { ...shell.access, VOLLEY_STATE: join(shell.folder, 'imports') };
    return {
      code: await volley(args, { env, stdout: to('stdout'), stderr: to('stderr') }),
      ...out,
    };
  };

  const planned = async () =>
    (
      await typed('send', '--title', 'Hi', '--everybody', '--at', '2100-01-01T00:00:00Z')
    ).stdout.trim();

  /** Not that of these calls: no key may revoke itself. */
  const otherKey = async () => {
    const { stdout } = await typed('keys', 'list', '--json');
    const items: { id: string; name: string }[] = JSON.parse(stdout).items;
    return items.find(({ name }) => name === 'shop-backend')!.id;
  };

  /** The example with what it names: files, ids, variables. */
  const asTyped = async (line: string): Promise<string[]> => {
    const [, value] = ids.find(([begins]) => begins.test(line))!;
    const id = line.startsWith('cancel ') ? await planned() : await shell.value(value);
    const words = line.replace(/ +[#>] .*/, '').matchAll(/"([^"]*)"|(\S+)/g);
    const args: string[] = [];
    for (const [, quoted, plain = ''] of words) {
      const word = quoted ?? plain;
      if (word in files || word === 'trigger.json') args.push(join(shell.folder, word));
      else if (word === '$TOKEN') args.push(await shell.value('TOKEN'));
      else if (word === '$KEY') args.push(shell.access.VOLLEY_API_KEY);
      else if (word === '3f1c9a0b5d7e2c4a6b80f1e2')
        args.push(await shell.value(line.startsWith('webhooks') ? 'DELIVERY' : 'PING'));
      else if (word === '3f1c9a0b5d7e2c4a6b80') args.push(id);
      else if (word === '3f1c9a0b5d7e2c4a') args.push(await otherKey());
      else args.push(shell.filled(word));
    }
    return args;
  };

  assert.equal((await typed('import', join(shell.folder, 'device.json'))).code, 0);
  const tried = new Set<string>();
  const tryHelp = async (...words: string[]): Promise<void> => {
    const { stdout } = await typed(...words, '--help');
    const [, examples = ''] = stdout.split('\nExamples:\n');
    for (const [, line = ''] of examples.replaceAll('\\\n', '').matchAll(/^ {2}volley (.+)$/gm)) {
      if (elsewhere.test(line) || tried.has(line)) continue;
      tried.add(line);
      // an example before may have removed it
      if (line.startsWith('triggers ')) await typed('triggers', 'put', 'orders', trigger);
      const { code, stdout, stderr } = await typed(...(await asTyped(line)), ...more(line));
      assert.equal(code, 0, `volley ${line}\n${stdout}${stderr}`);
      // what is sent later must not wait for a morning
      if (line.startsWith('apps ')) await typed('apps', 'policy', 'default', '--quiet', 'none');
    }
    const [, commands = ''] = stdout.split('\nCommands:\n');
    for (const [, name] of commands.split('\n\n')[0]!.matchAll(/^ {2}([a-z-]+)/gm))
      if (name !== 'help') await tryHelp(...words, name!);
  };
  await tryHelp();
  assert.ok(tried.size > 60);
});

/** There is no terminal that could be asked. */
const more = (line: string) => (/^send /.test(line) && !line.includes('--yes') ? ['--yes'] : []);
