/** Bundles the web client: a module for the page, and a script for the service worker. */

import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/** By the names of the files. */
export async function bundleWeb(): Promise<Record<'volley.js' | 'volley-worker.js', Uint8Array>> {
  const [page, worker] = await Promise.all([
    bundle('clients/web/src/index.ts', 'esm'),
    // a worker is loaded as a classic script, so that another worker may take it with importScripts
    bundle('clients/web/src/worker.ts', 'iife'),
  ]);
  return { 'volley.js': page, 'volley-worker.js': worker };
}

/** The minified bundle of a file of the repository. */
export async function bundle(entry: string, format: 'esm' | 'iife'): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    minify: true,
    format,
    platform: 'browser',
    // browsers with push and Web Locks; Safari has both since 16.4
    target: ['es2022', 'chrome111', 'firefox111', 'safari16.4'],
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0]!.contents;
}
