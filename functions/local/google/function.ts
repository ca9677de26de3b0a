/** Runs a function in its own process under the real Functions Framework. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Unavailable } from '../../lib/errors.ts';

export const targets = ['api', 'plan', 'sendApns', 'sendFcm', 'deliver', 'tick'] as const;
export type Target = (typeof targets)[number];

export interface Fn {
  url: string;
  child: ChildProcess;
  /** its output so far, the last part */
  output(): string;
  usage(): Promise<{ rssMb: number; cpuMs: number }>;
  /** Resolves with the exit code, and how long the end took (ms), when all of its output is there. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
}

export interface FunctionOptions {
  /** file or folder to run; default: functions/index.ts */
  entry?: string;
  /** additional variables */
  env?: Record<string, string>;
  /** modules that are loaded first */
  preload?: string[];
  /** where to find the framework: `entry` must import the same copy, or it would not know the function */
  framework?: string;
  /** of the process */
  onOutput?: (text: string) => void;
  /** variables of the parent process that a program needs */
  parent?: NodeJS.ProcessEnv;
}

/** The file that `npx functions-framework` runs, next to the package's main file. */
const main = createRequire(import.meta.url)
  .resolve('@google-cloud/functions-framework')
  .replace(/index\.js$/, 'main.js');
const source = fileURLToPath(new URL('../../index.ts', import.meta.url));
const loopback = new URL('./loopback.js', import.meta.url).href;
/** Limits the kept output, in characters. It helps to find a fault. */
const KEPT = 64 * 1024;
/** ms until a function must listen. A cold start takes about 1 s, on a busy machine it took 40. */
const START_MS = 3 * 60_000;

export function forkFunction(
  target: string,
  env: Record<string, string>,
  {
    entry = source,
    env: more = {},
    preload = [],
    framework = main,
    onOutput,
    parent: { PATH, HOME, NODE_COMPILE_CACHE } = process.env,
  }: FunctionOptions = {},
) {
  const child = fork(framework, [`--source=${entry}`, '--port=0'], {
    execArgv: [loopback, ...preload].flatMap((it) => ['--import', it]),
    env: {
      // there is no metadata server here, and looking for it takes a second
      METADATA_SERVER_DETECTION: 'none',
      PATH,
      HOME,
      NODE_COMPILE_CACHE,
      ...env,
      ...more,
      FUNCTION_TARGET: target,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT);
      onOutput?.(text);
    });
  return { child, output: () => output };
}

/** Resolves when the function listens. Throws with its output if it ends before that. */
export async function startFunction(
  target: Target,
  env: Record<string, string>,
  options: FunctionOptions = {},
  now: () => number = () => performance.now(),
): Promise<Fn> {
  const { child, output } = forkFunction(target, env, options);
  const ended = once(child, 'exit').then(() => {
    throw new Unavailable(`The function ${target} did not start:\n${output().trim()}`);
  });
  ended.catch(() => {});
  const [{ port }] = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(START_MS) }),
    ended,
  ]).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    output,
    async usage() {
      child.send('usage');
      const [usage] = await once(child, 'message');
      return usage;
    },
    async end(signal) {
      const begun = now();
      if (child.exitCode === null && child.signalCode === null) {
        // 'exit' may come before the last of its output
        const closed = once(child, 'close');
        child.kill(signal);
        await closed;
      }
      return { code: child.exitCode, ms: now() - begun };
    },
  };
}
