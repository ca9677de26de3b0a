import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { run as volley } from '../../functions/cli/program.ts';
import { isPersonal, writtenCommands } from '../infra/written.ts';
import { commandsOf, split, testOf } from './commands.ts';
import { blocksOf, pages, readPage, spansOf } from './markdown.ts';
import { startShell } from './shell.ts';

/** For the options of a test: why it is skipped, or false. */
function withoutShell(): string | false {
  if (process.env.REQUIRE_SHELL) return false;
  try {
    execFileSync('bash', ['-c', 'curl --version']);
    return false;
  } catch {
    return 'needs bash and curl';
  }
}

test('the commands of README.md and docs/ do what they say', {
  skip: withoutShell(),
}, async (t) => {
  const shell = await startShell(t);
  const typed = new Set<string>();
  for (const page of pages().filter(({ path }) =>
    /^(README|docs\/.*|\.github\/.*)\.md$/.test(path),
  )) {
    const trigger = blocksOf(page, 'json').find((it) => it.includes('"proof"'));
    if (trigger) shell.write('trigger.json', trigger);
    for (const command of commandsOf(page).filter((it) => testOf(it) === null && !typed.has(it))) {
      typed.add(command);
      await t.test(`${page.path}: ${command.slice(0, 90)}`, async () => {
        await shell.type(command);
      });
    }
  }
  assert.ok(typed.size > 50, `${typed.size} commands`);
});

test('a command of which any part fails is a failure', { skip: withoutShell() }, async (t) => {
  const shell = await startShell(t);
  await shell.type('ANY=x; true && true');
  await assert.rejects(shell.type('false'));
  await assert.rejects(shell.type('false && true'));
  await assert.rejects(shell.type('OTHER=y; false && true'));
});

test('the first push of the ten steps goes to one device', {
  skip: withoutShell(),
}, async (t) => {
  const shell = await startShell(t);
  const commands = commandsOf(readPage('infra/README.md'));
  const last = commands.slice(commands.indexOf('npx volley doctor') + 1);
  let said = '';
  for (const command of last) said = await shell.type(command);
  assert.match(said, /^\w+ {2}1 accepted, 0 failed, 0 pending$/m);
  // made-up tokens are never sent to with real credentials
  for (const file of ['infra/README.md', 'infra/outputs.tf', 'infra/gcloud.sh'])
    assert.doesNotMatch(readFileSync(file, 'utf8'), /volley (import examples|send )/, file);
});

test('every other command is run by another test', () => {
  const rehearsed = writtenCommands();
  for (const page of pages())
    for (const command of commandsOf(page)) {
      const file = testOf(command);
      if (file !== null) assert.ok(existsSync(file), `${file}, of ${command}`);
      if (command.startsWith('npx node --test '))
        for (const [one] of command.matchAll(/test\/\S+\.ts/g)) assert.ok(existsSync(one), one);
      if (command.startsWith('gcloud '))
        for (const one of command.split('&&').map((it) => it.trim()))
          assert.ok(isPersonal(one) || rehearsed.includes(one), one);
    }
});

test('the ten steps have no command that no test knows', () => {
  const here = new Set(
    ['README.md', 'docs/api.md', 'docs/operations.md'].flatMap((it) => commandsOf(readPage(it))),
  );
  const steps = commandsOf(readPage('infra/README.md'));
  const known = [/^TOKEN=…$/, /^curl -X PUT /, /^npx volley (doctor|message )/];
  for (const it of steps)
    assert.ok(testOf(it) !== null || here.has(it) || known.some((one) => one.test(it)), it);
});

test('every command that a sentence names is there', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const benches = readFileSync('test/bench/main.ts', 'utf8');
  for (const page of pages())
    for (const span of spansOf(page)) {
      const where = `${page.path}: ${span}`;
      const [, script] = /^npm run (?:--silent )?([\w:]+)/.exec(span) ?? [];
      if (script) assert.ok(script in scripts, where);
      const [, bench] = /^npm run bench -- ([\w-]+)/.exec(span) ?? [];
      if (bench) assert.match(benches, new RegExp(`bench\\(\\s*'${bench}'`), where);
      const [, words] = /^(?:npx )?volley ((?:[a-z][a-z-]* ?)+)/.exec(span) ?? [];
      if (words) assert.ok(await isCommand(words.trim().split(' ')), where);
    }
});

/** Whether the command line knows it, or the first word of it as a command that takes arguments. */
async function isCommand(words: string[]): Promise<boolean> {
  let help = '';
  const write = (text: string | Uint8Array) => {
    help += text;
    return true;
  };
  const io = { env: {}, stdout: { write }, stderr: { write } };
  const code = await volley([...words, '--help'], io);
  const [first, second] = words;
  const usage = (rest: string) => new RegExp(`^Usage: volley ${first}(\\|\\w+)?${rest}`).test(help);
  const takesArguments = usage(' \\[options\\](?! \\[command\\])');
  return code === 0 && (second ? usage(` ${second}\\b`) || takesArguments : usage(' '));
}

test('a figure in the README is one of those that were measured', () => {
  const sources = ['test/bench/README.md', 'docs/operations.md'].map((it) => readPage(it).text);
  const rows = readPage('README.md').text.matchAll(/^\| ([^|]+) \| ([^|]+) \| `([^`|]+)` \|$/gm);
  const figures = Array.from(rows, ([, , figure = '']) => figure);
  assert.ok(figures.length > 5, 'the table of figures');
  for (const figure of figures)
    for (const [number] of figure.matchAll(/\d[\d,.]*\d|\d/g))
      assert.ok(
        sources.some((it) =>
          new RegExp(`(?<![\\d,.])${number.replaceAll('.', '\\.')}(?![\\d])`).test(it),
        ),
        `${number} of "${figure}"`,
      );
});

test('.nvmrc names the Node that the project brings', () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.equal(readFileSync('.nvmrc', 'utf8').trim(), devDependencies.node);
});

test('commands are cut where a shell cuts them', () => {
  const block = `a 'b\n# c' \\\n  -d "e # f"   # comment\nID=…   # from it\n\n# alone\nx && y\n`;
  assert.deepEqual(split(block), [`a 'b\n# c' \\\n  -d "e # f"`, 'ID=…', 'x && y']);
});
