/**
 * Google's official emulators of Firestore and Pub/Sub, as `gcloud` or `firebase-tools` brings them.
 * They keep everything in memory; projects do not see one another's data.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { endsWithin } from '../../lib/deadline.ts';
import { Unavailable } from '../../lib/errors.ts';
import { countDocuments, type Exported } from './emulator-data.ts';
import { freePort } from './free-port.ts';

export type EmulatorName = 'firestore' | 'pubsub';

export interface Emulator {
  /** `127.0.0.1:port`, for FIRESTORE_EMULATOR_HOST or PUBSUB_EMULATOR_HOST */
  host: string;
  /** Ends it and all its processes; what it kept is gone. */
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  /** of Firestore's: what it begins with; it counts as started when all of that is there */
  importFrom?: Exported;
  /** what it prints, for someone who looks for a fault */
  output?: 'ignore' | 'inherit';
}

/** Java takes a second or two; a machine that is busy, several. */
const START_MS = 60_000;
const STOP_MS = 5000;

export const hostVariable: Record<EmulatorName, string> = {
  firestore: 'FIRESTORE_EMULATOR_HOST',
  pubsub: 'PUBSUB_EMULATOR_HOST',
};

/** Firestore's has left beta, Pub/Sub's has not. */
const commands: Record<EmulatorName, string[]> = {
  firestore: ['emulators', 'firestore', 'start'],
  pubsub: ['beta', 'emulators', 'pubsub', 'start'],
};

/** What is missing for the emulators, with what to do about it; null if nothing is. */
export function emulatorsMissing(): string | null {
  const missing = ['gcloud', 'java'].filter(
    (it) => !answers(it, it === 'java' ? '-version' : '--version'),
  );
  if (missing.length === 0) return null;
  return (
    `The emulators need ${missing.join(' and ')}. Install the Google Cloud SDK with its components ` +
    'cloud-firestore-emulator and pubsub-emulator, and Java 11 or later.'
  );
}

const answers = (program: string, flag: string) =>
  spawnSync(program, [flag], { stdio: 'ignore' }).status === 0;

/** Throws `Unavailable` when it is not installed, or does not come up. */
export async function startEmulator(
  name: EmulatorName,
  { importFrom, output = 'ignore' }: EmulatorOptions = {},
): Promise<Emulator> {
  const host = `127.0.0.1:${await freePort()}`;
  const imported = importFrom === undefined ? [] : [`--import-data=${importFrom.file}`];
  // a group of its own: gcloud is Python that runs a shell that runs Java, and does not pass signals on
  const child = spawn(
    'gcloud',
    [...commands[name], `--host-port=${host}`, '--quiet', ...imported],
    {
      detached: true,
      stdio: ['ignore', output, output],
    },
  );
  const stop = () => end(child);
  const died = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code) => resolve(`gcloud ended with ${code}`));
  });
  const deadline = AbortSignal.timeout(START_MS);
  for (;;) {
    if ((await isUp(host)) && (await isWhole(host, importFrom))) return { host, stop };
    const why = await Promise.race([died, wait(100, '')]);
    if (why === '' && !deadline.aborted) continue;
    await stop();
    throw new Unavailable(
      `The ${name} emulator did not start (${why || 'no answer in a minute'}). Try: gcloud ${commands[name].join(' ')}`,
    );
  }
}

/** Both answer a plain GET. */
async function isUp(host: string): Promise<boolean> {
  try {
    const answer = await fetch(`http://${host}/`, { signal: AbortSignal.timeout(2000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/** It answers while it still imports, as if what it has by then were all. */
async function isWhole(host: string, imported: Exported | undefined): Promise<boolean> {
  if (!imported) return true;
  const documents = await countDocuments(host, imported.project).catch(() => 0);
  return documents >= imported.documents;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const ended = once(child, 'exit');
  const group = -child.pid;
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(group, name);
      return true;
    } catch {
      return false; // nobody is left
    }
  };
  if (!signal('SIGTERM')) return;
  if (child.exitCode === null && child.signalCode === null) await endsWithin(ended, STOP_MS);
  signal('SIGKILL');
}
