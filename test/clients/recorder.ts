/** A server in front of an API, which keeps the requests, and answers in its place when it is told to. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { getRequestListener } from '@hono/node-server';

export interface Recorded {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  status: number;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
}

/** Headers that the client states itself; the others are its platform's. */
const stated = ['authorization', 'content-type', 'user-agent'];

export async function startRecorder(
  t: TestContext,
  api: { fetch(request: Request): Response | Promise<Response> },
  key: string,
) {
  const requests: Recorded[] = [];
  /** In place of the API's answers, the first for the next request. */
  const answers: Answer[] = [];
  async function record(request: Request): Promise<Response> {
    const [body, { pathname, search }] = [await request.clone().json(), new URL(request.url)];
    const own = answers.shift();
    const response = own
      ? new Response(null, { status: own.status, headers: own.headers ?? {} })
      : await api.fetch(request);
    const headers = stated.map((it) => [it, request.headers.get(it)?.replace(key, 'KEY') ?? '']);
    requests.push({
      method: request.method,
      path: pathname + search,
      headers: Object.fromEntries(headers),
      body,
      status: response.status,
    });
    return response;
  }
  const server = createServer(getRequestListener(record));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, answers };
}
