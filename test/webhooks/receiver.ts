/** A third party's server that receives the posts: real HTTP or HTTPS on this machine. */

import { once } from 'node:events';
import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Webhook as Verifier } from 'standardwebhooks';

export interface Got {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  port: number;
  got: Got[];
  /** number of TCP connections, with or without a request */
  connections(): number;
  /** Sets the answer to later requests; 204 until then. */
  answer: (it: Got, response: ServerResponse) => void;
  /** Resolves when that many matching posts have come. */
  until(enough: () => boolean): Promise<void>;
}

const DEADLINE_MS = 5 * 60 * 1000;

export const status =
  (code: number, headers: Record<string, string> = {}): Receiver['answer'] =>
  (_, response) =>
    response.writeHead(code, headers).end();

export async function createReceiver(
  t: { after(done: () => Promise<void>): void },
  tls?: { key: string; cert: string },
): Promise<Receiver> {
  const got: Got[] = [];
  const waiting = new Set<() => void>();
  let connections = 0;
  const server = tls ? createHttps(tls) : createHttp();
  server.on('connection', () => {
    connections += 1;
  });
  server.on('request', async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const it = { path: request.url!, headers: request.headers, body };
    got.push(it);
    receiver.answer(it, response);
    for (const check of waiting) check();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  const receiver: Receiver = {
    url: `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}/hook`,
    port,
    got,
    connections: () => connections,
    answer: status(204),
    until: (enough) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () => end(() => reject(new Error(`only ${got.length} came`))),
          DEADLINE_MS,
        );
        const end = (how: () => void) => {
          clearTimeout(late);
          waiting.delete(check);
          how();
        };
        const check = () => enough() && end(resolve);
        waiting.add(check);
        check();
      }),
  };
  return receiver;
}

/** The event, if its signature is valid for this secret. Else throws what the library throws. */
export const verified = ({ headers, body }: Got, secret: string) =>
  new Verifier(secret).verify(body, headers as Record<string, string>) as {
    id: string;
    type: string;
    subject: string;
    data: Record<string, unknown>;
  };
