/**
 * Firebase Hosting, played on loopback from what `npm run build:console` writes: redirects, then files,
 * then rewrites, with the headers of all rules that match.
 * https://firebase.google.com/docs/hosting/full-config#hosting_priority_order
 */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, matchesGlob } from 'node:path';
import type { Ends } from './console.ts';

interface Config {
  public: string;
  redirects: { source: string; destination: string; type: number }[];
  rewrites: { source: string; destination?: string; run?: { serviceId: string } }[];
  headers: { source: string; headers: { key: string; value: string }[] }[];
}

type Run = (request: IncomingMessage, response: ServerResponse) => unknown;

const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

/** Serves `folder`; what is led to Cloud Run gets to `run`. Gives the site's URL. */
export async function startHosting(t: Ends, folder: string, run: Run): Promise<string> {
  const text = await readFile(join(folder, 'firebase.json'), 'utf8');
  const config = (JSON.parse(text) as { hosting: Config }).hosting;
  const fileAt = (path: string) => readFile(join(folder, config.public, path)).catch(() => null);

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const matches = ({ source }: { source: string }) => matchesGlob(pathname, source);
    const redirect = config.redirects.find(matches);
    if (redirect)
      return response.writeHead(redirect.type, { Location: redirect.destination }).end();
    const rewrite = config.rewrites.find(matches);
    const own = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    for (const path of [own, rewrite?.destination]) {
      const file = path === undefined ? null : await fileAt(path);
      if (file === null) continue;
      const rules = config.headers.filter(matches).flatMap((it) => it.headers);
      return response
        .writeHead(200, {
          ...Object.fromEntries(rules.map(({ key, value }) => [key, value])),
          'Content-Type': TYPES[path!.slice(path!.lastIndexOf('.') + 1)]!,
        })
        .end(file);
    }
    if (rewrite?.run) return run(request, response);
    response.writeHead(404).end();
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
