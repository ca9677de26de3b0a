/**
 * Starts Google's official emulators of Firestore and Pub/Sub with `gcloud`. They keep everything in
 * memory, separately for each project.
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
  /** Ends the emulator and all its processes. Its data is lost. */
  stop(): Promise<void>;
}

interface EmulatorOptions {
  /** Firestore only: data to import. The emulator counts as started when all of it is imported. */
  importFrom?: Exported;
  /** where its output goes; 'inherit' helps to find a fault */
  output?: 'ignore' | 'inherit';
}

/** ms until an emulator must answer. It takes a second or two; a busy machine, or one that stands still, longer. */
const START_MS = 3 * 60_000;
/** ms from SIGTERM to SIGKILL. */
const STOP_MS = 5000;

/** The variable that Google's libraries read an emulator's address from. */
export const hostVariable: Record<EmulatorName, string> = {
  firestore: 'FIRESTORE_EMULATOR_HOST',
  pubsub: 'PUBSUB_EMULATOR_HOST',
};

/** Arguments of gcloud. Pub/Sub's emulator is still in beta. */
const commands: Record<EmulatorName, string[]> = {
  firestore: ['emulators', 'firestore', 'start'],
  pubsub: ['beta', 'emulators', 'pubsub', 'start'],
};

/** Says which programs the emulators lack, and how to install them; null if none is missing. */
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

/** Starts an emulator. Throws `Unavailable` if it is not installed or does not answer in three minutes. */
export async function startEmulator(
  name: EmulatorName,
  { importFrom, output = 'ignore' }: EmulatorOptions = {},
): Promise<Emulator> {
  const host = `127.0.0.1:${await freePort()}`;
  const imported = importFrom === undefined ? [] : [`--import-data=${importFrom.file}`];
  // its own process group: gcloud is Python that runs a shell that runs Java, and passes no signals on
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
      `The ${name} emulator did not start (${why || 'no answer in three minutes'}). Try: gcloud ${commands[name].join(' ')}`,
    );
  }
}

/** Both emulators answer a plain GET. */
async function isUp(host: string): Promise<boolean> {
  try {
    const answer = await fetch(`http://${host}/`, { signal: AbortSignal.timeout(2000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/** The emulator answers while it still imports, as if that were all the data; so the count is checked. */
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
      return false; // no process is left
    }
  };
  if (!signal('SIGTERM')) return;
  if (child.exitCode === null && child.signalCode === null) await endsWithin(ended, STOP_MS);
  signal('SIGKILL');
}
