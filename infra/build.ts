/**
 * `npm run build` writes what is deployed to dist/. The same sources give the same bytes.
 *
 * Our code and the small libraries are one bundle, split by function, so that a function reads a few
 * files in place of some hundred. Google's clients stay packages. docs/operations.md, "Cold starts and memory", says what
 * was measured, and why not the other ways.
 */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { type Lock, pruneLock } from './lock.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Not bundled. The framework must be the one that runs us. `@google-cloud/tasks` looks for files
 * beside its own; it brings gRPC with it, so whatever stands on gRPC is better a package too than
 * there twice. In a bundle `await import('google-auth-library')` has no named exports.
 */
const external = ['@google-cloud/*', '@grpc/*', 'firebase-admin', 'google-auth-library'];

/** Writes `outdir`, which is deleted first, with a folder `node_modules` in it. */
export async function buildFunctions(outdir: string) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['functions/index.ts'],
    // wherever it is written: source maps name the sources as seen from here
    outdir: 'dist',
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
  await refuseFileSeekers(metafile);
  await rm(outdir, { recursive: true, force: true });
  for (const { path, contents } of outputFiles) {
    const to = join(outdir, relative(`${root}dist`, path));
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, contents);
  }
  const manifest = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const packages = packagesIn(
    metafile,
    outputFiles.filter((it) => it.path.endsWith('.js')).map((it) => it.text),
    Object.keys(manifest.dependencies),
  );
  const deployed = {
    name: 'volley-functions',
    version: manifest.version,
    private: true,
    type: 'module',
    main: 'index.js',
    engines: { node: '24' },
    // no dependency needs its install scripts
    allowScripts: { '@firebase/util': false, protobufjs: false },
    dependencies: Object.fromEntries(packages.map((name) => [name, manifest.dependencies[name]])),
  };
  const lock = JSON.parse(await readFile(`${root}package-lock.json`, 'utf8')) as Lock;
  await writeFile(`${outdir}/package.json`, json(deployed));
  await writeFile(`${outdir}/package-lock.json`, json(pruneLock(lock, deployed)));
}

const json = (it: unknown) => `${JSON.stringify(it, null, 2)}\n`;

/**
 * The dependencies that are still imported at run time, or required in a way that esbuild does not see
 * (`createRequire`).
 */
function packagesIn({ outputs }: Metafile, texts: string[], known: string[]): string[] {
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
  const names = [...imported, ...required].map((path) =>
    path.split('/', path.startsWith('@') ? 2 : 1).join('/'),
  );
  return known.filter((name) => names.includes(name)).sort();
}

/**
 * A library that looks for files beside its own does not find them from a bundle, and that may show
 * only when it is used. Throws for one that is new here.
 */
async function refuseFileSeekers({ inputs }: Metafile) {
  for (const path of Object.keys(inputs).filter((it) => it.startsWith('node_modules/')))
    if (
      /\b(?:createRequire|__dirname|__filename|import\.meta\.(?:url|dirname))\b/.test(
        await readFile(root + path, 'utf8'),
      )
    )
      throw new Error(`${path} looks for files of its own: add its package to "external"`);
}

if (import.meta.main) await buildFunctions(`${root}dist`);
