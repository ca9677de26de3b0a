import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give where any port is asked for, also for connections: 32,768 on Linux. */
const [FIRST, LAST] = [20_000, 32_000];
/** Those that this process was given: a program may not have taken its own yet. */
const given = new Set<number>();

/**
 * Returns a port of 127.0.0.1 that is free, for programs that cannot choose one themselves, or that
 * start again on the same. No other process gets it by chance meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
