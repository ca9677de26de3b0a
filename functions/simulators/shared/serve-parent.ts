/** The child's side of `forkService`: over IPC it gets options first, then calls. */

import { once } from 'node:events';
import type { Call, Hello, Reply } from '../fork.ts';

const say = (message: Hello | Reply) => process.send?.(message);

/**
 * Starts a service and answers the parent's calls of its methods. `hello` returns what the parent gets
 * once the service has started. The process ends with its parent.
 */
export async function serveParent<O, S extends object>(
  start: (options: O) => Promise<S>,
  hello: (service: S) => unknown,
): Promise<void> {
  // the parent is gone, and only it could close the service
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches the whole process group, but the parent decides when its simulator ends
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
