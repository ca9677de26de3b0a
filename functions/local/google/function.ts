/** A deployed function in a process of its own, under the real Functions Framework. */

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
  /** what it wrote so far */
  output(): string;
  usage(): Promise<{ rssMb: number; cpuMs: number }>;
  /** Resolves with how it ended, and how long that took. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
}

export interface FunctionOptions {
  /** a file or folder instead of functions/index.ts */
  entry?: string;
  /** more of the environment */
  env?: Record<string, string>;
  /** modules loaded before anything else */
  preload?: string[];
  /** where the one is that `entry` finds; another one would know nothing of its function */
  framework?: string;
  /** of the process */
  onOutput?: (text: string) => void;
  /** of the process that starts it: what a program needs to be found */
  parent?: NodeJS.ProcessEnv;
}

/** What `npx functions-framework` runs, beside the package's own entry. */
const main = createRequire(import.meta.url)
  .resolve('@google-cloud/functions-framework')
  .replace(/index\.js$/, 'main.js');
const source = fileURLToPath(new URL('../../index.ts', import.meta.url));
const loopback = new URL('./loopback.js', import.meta.url).href;
/** Of what it wrote, kept for whoever looks for a fault. */
const KEPT = 64 * 1024;
/** A cold start takes about a second, on a busy machine several. */
const START_MS = 60_000;

export function forkFunction(
  target: string,
  env: Record<string, string>,
  {
    entry = source,
    env: more = {},
    preload = [],
    framework = main,
    onOutput,
    parent: { PATH, HOME } = process.env,
  }: FunctionOptions = {},
) {
  const child = fork(framework, [`--source=${entry}`, '--port=0'], {
    execArgv: [loopback, ...preload].flatMap((it) => ['--import', it]),
    env: {
      // nobody is there to ask, and asking takes a second
      METADATA_SERVER_DETECTION: 'none',
      PATH,
      HOME,
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

/** Throws with what it wrote when it ends before it listens. */
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
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }
      return { code: child.exitCode, ms: now() - begun };
    },
  };
}
