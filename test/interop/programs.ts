/**
 * Runs HTTP/2 programs of others, by Debian package: caddy, nginx, h2o, nghttp2-server,
 * nghttp2-client.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { freePort } from '../../functions/local/google/free-port.ts';
import { certificate } from '../http2/peer.ts';

export type Program = 'caddy' | 'nginx' | 'h2o' | 'nghttpd' | 'h2load' | 'nghttp';

/** Deadlines: to listen, to end after a signal, and to run to the end. */
const START_MS = 60_000;
const STOP_MS = 60_000;
const RUN_MS = 120_000;
/** Deadline of a whole test, beyond those of its steps. */
const TEST_MS = 600_000;

/** Daemons are in folders that may be on root's PATH only. */
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

function pathOf(program: Program): string | null {
  for (const folder of folders) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // it may be in the next folder
    }
  }
  return null;
}

/** Test options: without the program the test is skipped, or fails if REQUIRE_INTEROP is set. */
export function needs(program: Program): { skip: string | false; timeout: number } {
  const skip = pathOf(program) === null && !process.env.REQUIRE_INTEROP;
  const why = `${program} is not installed (REQUIRE_INTEROP=1 makes this a failure)`;
  return { skip: skip && why, timeout: TEST_MS };
}

function required(program: Program): string {
  const path = pathOf(program);
  if (path === null) throw new Error(`${program} is not installed, and REQUIRE_INTEROP is set`);
  return path;
}

/** Makes a folder with `cert.pem` and `key.pem`, which is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'volley-interop-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  writeFileSync(join(folder, 'cert.pem'), certificate.cert);
  writeFileSync(join(folder, 'key.pem'), certificate.key, { mode: 0o600 });
  mkdirSync(join(folder, 'temp'));
  return folder;
}

export interface Running {
  origin: string;
  child: ChildProcess;
  /** Returns what it wrote to stdout and stderr; complete after `stop`. */
  output(): string;
  /** Sends a signal and waits for the end; sends SIGKILL if that takes too long. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a server and waits until it takes TLS connections on 127.0.0.1. `args`: for the given
 * port.
 */
export async function startProgram(
  t: TestContext,
  program: Program,
  args: (port: number) => string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Running> {
  const path = required(program);
  // none of them can choose a free port itself, so another process may take it first
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const running = follow(t, path, args(port), `https://localhost:${port}`, env);
    try {
      await listening(running, port);
      return running;
    } catch (error) {
      await running.stop();
      if (tries === 3) throw new Error(`${program}: ${running.output()}`, { cause: error });
    }
  }
}

/** Runs a program to its end and returns what it wrote. Throws unless its exit code is 0. */
export async function runProgram(
  t: TestContext,
  program: Program,
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { child, output, stop } = follow(t, required(program), args, '', env);
  const ended = await within(once(child, 'close'), RUN_MS).catch(() => null);
  if (ended?.[0] === 0) return output();
  await stop();
  throw new Error(`${program} ${ended === null ? 'takes too long' : 'failed'}: ${output()}`);
}

function follow(
  t: TestContext,
  path: string,
  args: string[],
  origin: string,
  env: NodeJS.ProcessEnv,
): Running {
  const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('error', (error) => chunks.push(Buffer.from(error.message)));
  let ended = false;
  const closed = new Promise<void>((resolve) =>
    child.once('close', () => {
      ended = true;
      resolve();
    }),
  );
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (ended) return;
    child.kill(signal);
    await within(closed, STOP_MS).catch(() => child.kill('SIGKILL'));
    await within(closed, STOP_MS);
  };
  t.after(() => stop());
  return { origin, child, output: () => Buffer.concat(chunks).toString(), stop };
}

async function listening({ child }: Running, port: number): Promise<void> {
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the program ended');
    if (await connects(port)) return;
    await delay(20);
  }
  throw new Error('the program does not listen');
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const ca = certificate.cert;
    const socket = connect({ host: 'localhost', port, ca, ALPNProtocols: ['h2'] });
    const done = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('secureConnect', () => done(true));
    socket.on('error', () => done(false));
  });
}

/** Rejects if `promise` takes longer than `ms` milliseconds. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`still waiting after ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
