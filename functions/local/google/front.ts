/**
 * What stands before the instances of a function, as Google's front end does: one address, requests
 * to each instance in turn, a wait while none has started.
 */

import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface Front {
  url: string;
  close(): Promise<void>;
}

/** A cold start takes about a second; a request that waits longer gets what Cloud Run says: 503. */
const START_MS = 30_000;

export interface FrontOptions {
  /** of the instances that answer now */
  ports(): readonly number[];
  /** any that is free without it */
  port?: number;
  /** put on every request: who the caller is, where the caller cannot say so itself */
  headers?(): Record<string, string>;
}

export async function openFront({ ports, port = 0, headers }: FrontOptions): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((req, res) => {
    pass(req, res).catch(() => refuse(res));
  });
  let turn = 0;
  let closing = false;

  async function next(): Promise<number | undefined> {
    const deadline = Date.now() + START_MS;
    while (ports().length === 0 && !closing && Date.now() < deadline) await wait(20);
    const all = ports();
    turn = (turn + 1) % Math.max(1, all.length);
    return all[turn];
  }

  async function pass(req: IncomingMessage, res: ServerResponse) {
    const to = await next();
    if (to === undefined) return refuse(res);
    const { method, url: path } = req;
    const options = { host: '127.0.0.1', port: to, method, path, agent };
    const all = { ...req.headers, ...headers?.() };
    const onward = request({ ...options, headers: all }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
      // an instance that died in the middle of its answer
      answer.once('error', () => res.destroy());
    });
    onward.once('error', () => refuse(res));
    res.once('close', () => onward.destroy());
    req.pipe(onward);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      closing = true;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function refuse(res: ServerResponse) {
  if (res.headersSent) return void res.destroy();
  res.writeHead(503, { 'Content-Type': 'text/plain' }).end('no instance answers\n');
}
