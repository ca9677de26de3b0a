/** The gcloud commands that the pages and the alerts tell people to run. */

import { readdirSync, readFileSync } from 'node:fs';
import { commandsOf } from '../docs/commands.ts';
import { pages, spansOf } from '../docs/markdown.ts';

/** Commands for sign-in and installation are not run. */
export const isPersonal = (command: string) => /^gcloud (auth|components) /.test(command);

/** Replaces placeholders by example values. */
export function writtenCommands(): string[] {
  const all = pages();
  const alerts = readdirSync('infra/alerts')
    .map((file) => JSON.parse(readFileSync(`infra/alerts/${file}`, 'utf8')).documentation.content)
    .map((text: string) => text.replaceAll(`\${prefix}`, 'volley'))
    .map((text) => text.replaceAll(`\${region}`, 'europe-west1'))
    .map((text) => ({ path: 'infra/alerts', text }));
  const commands = [...all.flatMap(commandsOf), ...[...all, ...alerts].flatMap(spansOf)]
    .flatMap((it) => it.split('&&'))
    .map((it) => it.trim())
    .filter((it) => it.startsWith('gcloud ') && !isPersonal(it))
    .map((it) => it.replace(/\$\(…[^)]*\)/g, 'data').replaceAll('=…', '=an-id'));
  return [...new Set(commands)];
}
