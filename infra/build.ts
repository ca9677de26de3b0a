/**
 * `npm run build`: what is deployed, in dist/. The same sources give the same bytes.
 *
 * One bundle of our code and the small libraries, split by function, so that a function reads a few
 * files in place of some hundred. Google's clients stay packages: see README.md, "Cold starts", for
 * what was measured and why not the other ways.
 */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { type Lock, pruneLock } from './lock.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Not bundled: they find files of their own at run time, or must be there once only. */
const external = ['@google-cloud/*', '@grpc/*', 'firebase-admin', 'google-auth-library'];

/** Writes `outdir`, made anew; a folder `node_modules` in it does not survive. */
export async function buildFunctions(outdir: string) {
  await rm(outdir, { recursive: true, force: true });
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['functions/index.ts'],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external,
    sourcemap: true,
    metafile: true,
    write: false,
    chunkNames: 'chunks/[name]-[hash]',
    logLevel: 'warning',
  });
  for (const { path, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  const packages = packagesIn(
    metafile,
    outputFiles.filter((it) => it.path.endsWith('.js')).map((it) => it.text),
  );
  const manifest = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const lock = JSON.parse(await readFile(`${root}package-lock.json`, 'utf8')) as Lock;
  const deployed = {
    name: 'volley-functions',
    version: manifest.version,
    private: true,
    type: 'module',
    main: 'index.js',
    engines: { node: '24' },
    // nothing we use needs a script run when it is installed
    allowScripts: { '@firebase/util': false, protobufjs: false },
    dependencies: Object.fromEntries(packages.map((name) => [name, manifest.dependencies[name]])),
  };
  await writeFile(`${outdir}/package.json`, json(deployed));
  await writeFile(`${outdir}/package-lock.json`, json(pruneLock(lock, deployed)));
}

const json = (it: unknown) => `${JSON.stringify(it, null, 2)}\n`;

/** Every package that is imported at run time, or required: what esbuild does not see as an import. */
function packagesIn({ outputs }: Metafile, texts: string[]): string[] {
  const imported = Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external }) => external)
    .map(({ path }) => path);
  const required = texts.flatMap((text) =>
    Array.from(
      text.matchAll(/(?:createRequire\([\w.]+\)|\brequire\d*)\(\s*"([^".][^"]*)"/g),
      (it) => it[1]!,
    ),
  );
  const names = [...imported, ...required]
    .filter((path) => !path.startsWith('node:'))
    .map((path) => path.split('/', path.startsWith('@') ? 2 : 1).join('/'))
    .filter((name) => !builtinModules.includes(name));
  return [...new Set(names)].sort();
}

if (import.meta.main) await buildFunctions(`${root}dist`);
