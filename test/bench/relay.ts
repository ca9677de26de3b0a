/** A port whose connections go to an address that can be changed: those that are open are cut then. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  /** 127.0.0.1:port */
  host: string;
  /** Connections go to this `host:port` from now on. */
  switchTo(host: string): void;
  stop(): Promise<void>;
}

export async function startRelay(host: string): Promise<Relay> {
  let target = host;
  const open = new Set<Socket>();
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer((from) => {
    const [name, port] = target.split(':') as [string, string];
    const to = connect(Number(port), name);
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(socket);
      socket.setNoDelay(true);
      // the other side is told by being cut
      socket.on('error', () => {});
      socket.once('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    switchTo(other) {
      target = other;
      cut();
    },
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
