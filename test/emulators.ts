/**
 * The emulators of Firestore and Pub/Sub, started once for all test files (`--test-global-setup`).
 * A test takes a project of its own. Where they are not installed, tests that need them say so and
 * are skipped, unless REQUIRE_EMULATORS says that they must not be. All processes of the run share
 * what V8 has compiled: else each would strip and compile some hundred files again.
 */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Emulator,
  type EmulatorName,
  emulatorsMissing,
  hostVariable,
  startEmulator,
} from '../functions/local/google/emulators.ts';

/**
 * For Java that tests start, which ends after seconds: it compiles once, and quickly, and collects garbage in one
 * thread. These emulators run for minutes, in which Java's second compiler makes large queries a fifth quicker.
 */
const SHORT_JAVA = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

const started: Emulator[] = [];
let compiled: string | null = null;

/** Called by the test runner, in its own process; the test files' processes inherit the variables. */
export async function globalSetup() {
  compiled = mkdtempSync(join(tmpdir(), 'volley-compiled-'));
  process.env.NODE_COMPILE_CACHE ??= compiled;
  const missing = emulatorsMissing();
  if (missing !== null) {
    if (process.env.REQUIRE_EMULATORS) throw new Error(missing);
    console.log(`Tests of the Google engine are skipped. ${missing}`);
    return;
  }
  const names: EmulatorName[] = ['firestore', 'pubsub'];
  const starts = await Promise.allSettled(
    names
      .filter((name) => !process.env[hostVariable[name]])
      .map(async (name) => {
        const emulator = await startEmulator(name);
        started.push(emulator);
        process.env[hostVariable[name]] = emulator.host;
      }),
  );
  process.env.JAVA_TOOL_OPTIONS ??= SHORT_JAVA;
  const failed = starts.find((it) => it.status === 'rejected');
  if (!failed) return;
  await globalTeardown();
  throw failed.reason;
}

export async function globalTeardown() {
  await Promise.all(started.map((it) => it.stop()));
  if (compiled) rmSync(compiled, { recursive: true });
}

/** For the options of a test: why it is skipped, or false. */
export const withoutEmulators = (...names: EmulatorName[]): string | false => {
  const missing = names.filter((name) => !process.env[hostVariable[name]]);
  return missing.length > 0 && `needs the emulator of ${missing.join(' and ')}`;
};

/** No other test's data is in it. */
export const freshProject = () => `volley-test-${randomBytes(6).toString('hex')}`;

/** Those of this run, and a project in them. */
export const sharedEmulators = () => ({
  project: freshProject(),
  emulators: {
    firestore: process.env[hostVariable.firestore]!,
    pubsub: process.env[hostVariable.pubsub]!,
  },
});
