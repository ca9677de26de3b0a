/** The gcloud commands that infra/README.md and the alerts tell people to run. */

import { readdirSync, readFileSync } from 'node:fs';

/** Signing in and installing are between a person and Google. */
const personal = /^gcloud (auth|components) /;

/** With what stands for something of the reader's filled in. */
export function writtenCommands(): string[] {
  const readme = readFileSync('infra/README.md', 'utf8');
  const alerts = readdirSync('infra/alerts')
    .map((file) => JSON.parse(readFileSync(`infra/alerts/${file}`, 'utf8')).documentation.content)
    .map((text: string) => text.replaceAll(`\${prefix}`, 'volley'))
    .map((text) => text.replaceAll(`\${region}`, 'europe-west1'));
  const blocks = Array.from(readme.matchAll(/```sh\n([\s\S]*?)```/g), ([, block]) => block!);
  const lines = blocks.flatMap((block) => block.split('\n')).flatMap((line) => line.split('&&'));
  const spans = [readme.replace(/```[\s\S]*?```/g, ''), ...alerts].flatMap((text) =>
    Array.from(text.matchAll(/`([^`]+)`/g), ([, span]) => span!),
  );
  const commands = [...lines, ...spans]
    .map((it) => it.trim())
    .filter((it) => it.startsWith('gcloud ') && !personal.test(it))
    .map((it) => it.replace(/\$\(…[^)]*\)/g, 'data').replaceAll('=…', '=an-id'));
  return [...new Set(commands)];
}
