/** The real gcloud on loopback: its own parser and requests, sent to a recorder (recorder.ts). */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const DEADLINE_MS = 20 * 60 * 1000;
const MAX_OUTPUT = 16 * 1024 * 1024;

/** As gcloud's configuration calls the services that the deployment is made of. */
const services = [
  'artifactregistry',
  'cloudbuild',
  'cloudfunctions',
  'cloudresourcemanager',
  'cloudscheduler',
  'cloudtasks',
  'firebasehosting',
  'firestore',
  'iam',
  'logging',
  'monitoring',
  'pubsub',
  'run',
  'secretmanager',
  'serviceusage',
  'storage',
];

/** For the options of a test: why it is skipped, or false. */
export function withoutGcloud(): string | false {
  if (process.env.REQUIRE_GCLOUD || sdk()) return false;
  return 'needs gcloud with its components alpha and beta, and bq';
}

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Gcloud {
  /** Runs a program with this gcloud first on its PATH. `sleep` returns immediately there. */
  run(program: string, args: string[], env?: Record<string, string>): Promise<Said>;
  close(): Promise<void>;
}

let found: { root: string; python: string } | null | undefined;
/** Where gcloud lives and which Python it runs on, or null. */
function sdk() {
  if (found !== undefined) return found;
  try {
    const format = '--format=value(installation.sdk_root,basic.python_location)';
    const [root, python] = execFileSync('gcloud', ['info', format], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split('\t');
    found = root && python ? { root, python } : null;
  } catch {
    found = null;
  }
  return found;
}

/** BigQuery's description of itself, which `bq` wants from an API that is not Google's. */
export const describeBigQuery = () =>
  readFile(join(sdk()!.root, 'platform/bq/discovery_next/bigquery.json'), 'utf8');

/** `origin` is the recorder's: `http://127.0.0.1:PORT`. */
export async function startGcloud(origin: string): Promise<Gcloud> {
  const installed = sdk();
  if (!installed) throw new Error('gcloud is not installed, or does not say where');
  const { root, python } = installed;
  const folder = await mkdtemp(join(tmpdir(), 'volley-gcloud-'));
  const socket = join(folder, 'socket');
  const program = async (name: string, text: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, name), 0o755);
  };
  const client = resolve('test/infra/google/gcloud-client.py');
  await program('gcloud', `exec '${python}' -I -S '${client}' "$@"`);
  await program('bq', `exec '${join(root, 'bin/bq')}' "$@"`);
  await program('sleep', 'exit 0');
  await symlink(process.execPath, join(folder, 'node'));
  await writeFile(join(folder, 'token'), 'a token');
  await writeFile(join(folder, 'bigqueryrc'), `--api=${origin}\n`);
  const environment: Record<string, string> = {
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    HOME: folder,
    GCLOUD_SOCKET: socket,
    BIGQUERYRC: join(folder, 'bigqueryrc'),
    CLOUDSDK_CONFIG: join(folder, 'config'),
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, 'token'),
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
    CLOUDSDK_SURVEY_DISABLE_PROMPTS: '1',
  };
  for (const it of services)
    environment[`CLOUDSDK_API_ENDPOINT_OVERRIDES_${it.toUpperCase()}`] = `${origin}/${it}/`;
  const server = spawn(python, ['test/infra/google/gcloud.py', root, socket], {
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  await Promise.race([
    once(server.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('gcloud did not start'))),
  ]);

  return {
    run: (name, args, env = {}) =>
      new Promise((done) => {
        const options = {
          env: { ...environment, ...env },
          timeout: DEADLINE_MS,
          maxBuffer: MAX_OUTPUT,
        };
        execFile(name, args, options, (error, stdout, stderr) => {
          const code = error ? (typeof error.code === 'number' ? error.code : 255) : 0;
          done({ code, stdout, stderr });
        });
      }),
    async close() {
      server.stdin.end();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
