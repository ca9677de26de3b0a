/**
 * `npm run build:clients`: the parts of the clients that are made from the OpenAPI document, which are
 * committed, and `dist/` of each client, which is not.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDocument } from './document.ts';
import { generate } from './generate.ts';
import { bundleWeb } from './web.ts';

const [typescript, web] = ['typescript', 'web'].map((it) => join(import.meta.dirname, '..', it));
const write = (folder: string, files: Record<string, string | Uint8Array>) => {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
};
const compile = (config: string) =>
  execFileSync('npx', ['tsc', '-p', config], { stdio: ['ignore', 'inherit', 'inherit'] });

for (const it of [typescript!, web!]) rmSync(join(it, 'dist'), { recursive: true, force: true });
write(join(typescript!, 'src'), generate(await readDocument()));
compile(join(typescript!, 'tsconfig.build.json'));
write(join(web!, 'dist'), await bundleWeb());
compile(join(web!, 'tsconfig.build.json'));
