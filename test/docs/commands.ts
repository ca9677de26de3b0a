/** The shell commands that pages tell people to type, and what runs those that need more than a shell. */

import { blocksOf, type Page } from './markdown.ts';

/** The commands of its sh blocks, in order: continued lines joined, comments left out. */
export const commandsOf = (page: Page): string[] => blocksOf(page, 'sh').flatMap(split);

/** A command ends at a line break that is neither quoted nor escaped. */
export function split(block: string): string[] {
  const commands: string[] = [];
  let command = '';
  let quote = '';
  for (let i = 0; i < block.length; i++) {
    const char = block[i]!;
    if (char === '\\' && quote !== "'") command += char + (block[++i] ?? '');
    else if (quote !== '') {
      command += char;
      if (char === quote) quote = '';
    } else if (char === '#' && /(^|\s)$/.test(command)) {
      while (i + 1 < block.length && block[i + 1] !== '\n') i += 1;
    } else if (char === '\n') {
      commands.push(command.trim());
      command = '';
    } else {
      if (char === '"' || char === "'") quote = char;
      command += char;
    }
  }
  return [...commands, command.trim()].filter((it) => it !== '');
}

/** By how a command begins: the test that runs it, or that stands for it where none can. */
const elsewhere: [begins: RegExp, test: string][] = [
  [/^(export PROJECT=|gcloud )/, 'test/infra/rehearsal.test.ts'],
  [/^(cd infra && )?terraform /, 'test/infra/deployment.test.ts'],
  [/^cd \.\. && export VOLLEY_URL=\$\(terraform /, 'test/infra/deployment.test.ts'],
  [/^(npm run --silent key |export VOLLEY_API_KEY=volley_…$)/, 'test/infra/first-key.test.ts'],
  [/^npm run --silent role /, 'test/infra/role.test.ts'],
  [/^(set -a && \. \.\/console\.env|cd dist-console) /, 'test/infra/console.test.ts'],
  [/^VOLLEY_DATA=\.volley-real APNS_KEY=/, 'test/config/embedded.test.ts'],
  [/^export VOLLEY_DATA=/, 'test/config/embedded.test.ts'],
  [/^npm ci && npm run build$/, 'test/infra/build.test.ts'],
  [/^npm (run build:clients|install .*clients\/)/, 'test/clients/typescript.test.ts'],
  [/^VOLLEY_REGISTER_KEY=/, 'test/clients/example.test.ts'],
  [/^npx volley import postgres:/, 'test/cli/commands/import-postgres.test.ts'],
  [/^npx node --test /, 'test/docs/commands.test.ts'],
];

/** Null: it is to be run as it stands. */
export const testOf = (command: string): string | null =>
  elsewhere.find(([begins]) => begins.test(command))?.[1] ?? null;
