/**
 * The sources as they are deployed: plain JavaScript. Node can strip the types as it loads them, but
 * what does that stays in memory (WebAssembly, 30 MB and more), and would be measured with them.
 */

import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = new URL('../..', import.meta.url).pathname;
const SOURCES = ['functions', 'test/bench'];
/** Imports name their file; in a copy it is a `.js`. */
const imported = /(?<=['"])(\.{1,2}\/[^'"\n]+)\.ts(?=['"])/g;

export interface PlainCopy {
  /** of a file of this repository, such as `test/bench/main.ts` */
  url(path: string): URL;
  remove(): Promise<void>;
}

export async function plainCopy(): Promise<PlainCopy> {
  // a note of Node's that stripping types is experimental is nothing for the tables
  process.removeAllListeners('warning');
  const to = await mkdtemp(join(tmpdir(), 'volley-bench-'));
  for (const folder of SOURCES)
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const source = await readFile(join(root, folder, name), 'utf8');
      const plain = stripTypeScriptTypes(source).replace(imported, '$1.js');
      const file = join(to, folder, name.replace(/\.ts$/, '.js'));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, plain);
    }
  const { imports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const manifest = JSON.stringify({ type: 'module', imports }).replaceAll('.ts"', '.js"');
  await writeFile(join(to, 'package.json'), manifest);
  await symlink(join(root, 'node_modules'), join(to, 'node_modules'));
  return {
    url: (path) => new URL(`file://${join(to, path.replace(/\.ts$/, '.js'))}`),
    remove: () => rm(to, { recursive: true, force: true }),
  };
}
