/**
 * Compiles the clients for phones, each with stand-ins of the classes of its platform and an app that does
 * what a test says. `kotlinc` (Debian: kotlin) and `swiftc` (swift.org; Debian 13: swiftlang) are found on
 * the PATH, or named by KOTLINC and SWIFTC.
 */

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** A compiler of Kotlin takes a minute on a busy machine. */
const DEADLINE_MS = 10 * 60 * 1000;

export interface NativeClient {
  name: 'kotlin' | 'swift';
  /** the file that people copy */
  source: string;
  /** for the options of a test: why it is skipped, or false */
  skip: string | false;
  /** what to run for the app, with its first arguments; compiled at the first call */
  app(): Promise<[string, ...string[]]>;
}

const kotlin = compiler('KOTLINC', 'kotlinc', '-version');
const swift = compiler('SWIFTC', 'swiftc', '--version');
const stubs = ['UIKit', 'UserNotifications', 'CryptoKit'];

export const nativeClients: NativeClient[] = [
  {
    name: 'kotlin',
    source: 'clients/kotlin/Volley.kt',
    skip: missing('kotlin', kotlin),
    app: once(async (folder) => {
      const jar = join(folder, 'app.jar');
      const files = ['app', 'content', 'pm', 'os', 'util', 'json', 'main'];
      const stands = files.map((it) => `test/clients/kotlin/${it}.kt`);
      await compile(kotlin, 'clients/kotlin/Volley.kt', ...stands, '-include-runtime', '-d', jar);
      return ['java', '-cp', jar, 'volley.MainKt'];
    }),
  },
  {
    name: 'swift',
    source: 'clients/swift/Volley.swift',
    skip: missing('swift', swift),
    app: once(async (folder) => {
      const source = 'clients/swift/Volley.swift';
      const [app, main] = [join(folder, 'app'), 'test/clients/swift/main.swift'];
      const library = ['-parse-as-library', '-emit-module', '-emit-library', '-static'];
      for (const name of stubs) {
        const to = ['-emit-module-path', join(folder, `${name}.swiftmodule`)];
        const out = ['-o', join(folder, `lib${name}.a`), `test/clients/swift/${name}.swift`];
        await compile(swift, ...library, '-module-name', name, ...to, ...out);
      }
      const found = ['-I', folder, '-L', folder, ...stubs.map((name) => `-l${name}`)];
      const strict = ['-warnings-as-errors', ...found];
      await compile(swift, ...strict, '-swift-version', '5', '-typecheck', source);
      const module = ['-module-name', 'app', '-o', app];
      await compile(swift, ...strict, '-swift-version', '6', ...module, source, main);
      return [app];
    }),
  },
];

function compiler(variable: string, program: string, version: string): string | null {
  const path = process.env[variable] ?? program;
  try {
    execFileSync(path, [version], { stdio: 'ignore', timeout: DEADLINE_MS });
    return path;
  } catch {
    return null;
  }
}

function missing(name: string, path: string | null): string | false {
  const variable = `REQUIRE_${name.toUpperCase()}`;
  if (path !== null || process.env[variable]) return false;
  return `no compiler of ${name} is installed (${variable}=1 makes this a failure)`;
}

async function compile(path: string | null, ...options: string[]) {
  if (path === null) throw new Error('the compiler is not installed, and is required');
  await run(path, options, { timeout: DEADLINE_MS });
}

function once(make: (folder: string) => Promise<[string, ...string[]]>) {
  let made: Promise<[string, ...string[]]> | null = null;
  return () => {
    if (made) return made;
    const folder = mkdtempSync(join(tmpdir(), 'volley-client-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    made = make(folder);
    return made;
  };
}
