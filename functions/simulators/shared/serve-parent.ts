/** The other end of `forkService`: options first, then calls, over IPC. */

import { once } from 'node:events';
import type { Call, Hello, Reply } from '../fork.ts';

const say = (message: Hello | Reply) => process.send?.(message);

/** `hello` gives what the parent is told once it has started. The process ends with its parent. */
export async function serveParent<O, S extends object>(
  start: (options: O) => Promise<S>,
  hello: (service: S) => unknown,
): Promise<void> {
  // the parent is gone: nobody is left to close this
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches the whole group; the parent decides when its simulator ends
  process.on('SIGINT', () => {});

  const [options] = (await once(process, 'message')) as [O];
  try {
    const service = await start(options);
    process.on('message', async ({ id, method, args }: Call) => {
      try {
        const call = service[method as keyof S] as (...args: unknown[]) => unknown;
        say({ id, result: await call(...args) });
      } catch (error) {
        say({ id, error: String(error) });
      }
    });
    say({ hello: hello(service) });
  } catch (error) {
    say({ failed: String(error) });
  }
}
