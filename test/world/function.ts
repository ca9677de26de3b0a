/** A deployed function in a process of its own, under the real Functions Framework. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export type Target = 'api' | 'plan' | 'sendApns' | 'sendFcm' | 'deliver' | 'tick';

export interface Fn {
  url: string;
  child: ChildProcess;
  /** what it wrote so far */
  output(): string;
  /** Resolves with how it ended, and how long that took. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
}

export interface FunctionOptions {
  /** a file or folder instead of functions/index.ts */
  entry?: string;
  /** more of the environment */
  env?: Record<string, string>;
}

const framework = createRequire(import.meta.url).resolve('@google-cloud/functions-framework');
const main = framework.replace(/index\.js$/, 'main.js');
const source = fileURLToPath(new URL('../../functions/index.ts', import.meta.url));
const preload = new URL('./loopback.js', import.meta.url).href;

export function forkFunction(
  target: string,
  env: Record<string, string>,
  { entry = source, env: more = {} }: FunctionOptions = {},
) {
  const { PATH, HOME } = process.env;
  const child = fork(main, [`--source=${entry}`, '--port=0'], {
    execArgv: ['--import', preload],
    env: {
      ...{ PATH, HOME, ...env, ...more, FUNCTION_TARGET: target },
      // nobody is there to ask, and asking takes a second
      METADATA_SERVER_DETECTION: 'none',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  return { child, output: () => output };
}

/** Throws with what it wrote when it ends before it listens. */
export async function startFunction(
  target: Target,
  env: Record<string, string>,
  options: FunctionOptions = {},
): Promise<Fn> {
  const { child, output } = forkFunction(target, env, options);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${target} did not start:\n${output()}`);
  });
  ended.catch(() => {});
  const [{ port }] = await Promise.race([once(child, 'message'), ended]);
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    output,
    async end(signal) {
      const begun = performance.now();
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }
      return { code: child.exitCode, ms: performance.now() - begun };
    },
  };
}
