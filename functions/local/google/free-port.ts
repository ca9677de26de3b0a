import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { type EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give where any port is asked for, also for connections: 32,768 on Linux. */
const [FIRST, LAST] = [20_000, 32_000];
/** A taken port is marked by the UDP port that is so much lower. No program that is started here uses UDP. */
const MARK = 12_000;

/**
 * Returns a port of 127.0.0.1 that is free, for programs that cannot choose one themselves, or that
 * start again on the same. Until this process ends, no other call of this function gets it, in no
 * process: between the choice and the start of the program it is free, and so it is while that restarts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (!(await isFree(mark(port)))) continue;
    const server = createServer().listen(port, '127.0.0.1');
    if (!(await isFree(server))) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** It is kept until the process ends, and keeps no process alive. */
const mark = (port: number) =>
  createSocket('udp4')
    .unref()
    .bind({ port: port - MARK, address: '127.0.0.1', exclusive: true });

async function isFree(bound: EventEmitter): Promise<boolean> {
  try {
    await once(bound, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
