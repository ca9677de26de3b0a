/** A project outside of the repository that has the built clients, and no other package. */

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { bundleWeb } from '../../clients/build/web.ts';

const run = promisify(execFile);
const DEADLINE_MS = 5 * 60 * 1000;
const tsc = resolve('node_modules/.bin/tsc');

/** As strict as TypeScript is. Nothing is skipped: the client's own declarations are checked as well. */
const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  target: 'es2022',
  lib: ['es2023', 'dom', 'dom.asynciterable'],
  types: [],
};

const MODULES = {
  node: { module: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};

/** Builds the clients and installs them with npm, as packages that are packed. */
export async function makeProject(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'volley-project-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [client, dist] of [
    ['typescript', 'dist'],
    ['web', 'dist/types'],
  ] as const) {
    const config = resolve('clients', client, 'tsconfig.build.json');
    const out = join(folder, client, dist);
    await run(tsc, ['-p', config, '--outDir', out], { timeout: DEADLINE_MS });
    cpSync(join('clients', client, 'package.json'), join(folder, client, 'package.json'));
  }
  for (const [name, bytes] of Object.entries(await bundleWeb()))
    writeFileSync(join(folder, 'web', 'dist', name), bytes);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const npm = ['install', '--offline', '--no-audit', '--no-fund', '--install-links'];
  await run('npm', [...npm, './typescript', './web'], { cwd: folder, timeout: DEADLINE_MS });

  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  return {
    folder,
    write,
    /** What the compiler says to the files: '' where it has no objection. */
    async compile(files: string[], kind: keyof typeof MODULES = 'node'): Promise<string> {
      const compilerOptions = { ...STRICT, ...MODULES[kind], outDir: 'out' };
      write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
      const ran = await run(tsc, ['-p', '.'], { cwd: folder, timeout: DEADLINE_MS }).catch(
        (error: { stdout?: string }) => error,
      );
      return ran.stdout ?? '';
    },
    /** What a compiled file prints. */
    async run(name: string): Promise<string> {
      const { stdout } = await run(process.execPath, [join(folder, 'out', name)], {
        cwd: folder,
        timeout: DEADLINE_MS,
      });
      return stdout;
    },
  };
}
