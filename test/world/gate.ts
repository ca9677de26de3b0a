/** A TCP proxy that can close: so a server goes away and comes back at the same address. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Gate {
  /** `127.0.0.1:port` */
  host: string;
  /** From now on connections go to `host:port`. */
  open(to: string): void;
  /** Ends all connections, and closes new ones immediately. */
  shut(): void;
  close(): void;
}

export async function createGate(): Promise<Gate> {
  const ends = new Set<Socket>();
  let target: [host: string, port: number] | null = null;
  const server = createServer((near) => {
    if (!target) return near.destroy();
    const far = connect(target[1], target[0]);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        ends.delete(from);
        into.destroy();
      });
      from.pipe(into);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const shut = () => {
    target = null;
    for (const it of ends) it.destroy();
  };
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    open(to) {
      const [host, port] = to.split(':') as [string, string];
      target = [host, Number(port)];
    },
    shut,
    close() {
      shut();
      server.close();
    },
  };
}
