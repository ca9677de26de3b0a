/**
 * Serves the example on 127.0.0.1, where browsers allow push without https. Variables: VOLLEY_REGISTER_KEY,
 * VOLLEY_URL (default: the local server), PORT (8090), and for real pushes FIREBASE_WEB: the JSON of
 * `{ "config": …, "vapidKey": … }` of the project.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { bundleWeb } from '../../clients/build/web.ts';

/** What the page is told: nothing that is secret. */
interface Config {
  /** of the API */
  url: string;
  /** a key with the scope `register` */
  key: string;
  firebase: unknown;
}

const TYPES = { html: 'text/html', js: 'text/javascript', json: 'application/json' };
const OWN = ['index.html', 'app.js', 'token.js'];

/** `port` 0: any that is free. `more`: files beside its own, or in place of them, by their names. */
export async function serveExample(
  config: Config,
  { port = 0, more = {} }: { port?: number; more?: Record<string, string> } = {},
) {
  const files = new Map<string, string | Uint8Array>([
    ...OWN.map((name) => [name, readFileSync(join(import.meta.dirname, name))] as const),
    ...Object.entries(await bundleWeb()),
    ['config.json', JSON.stringify(config)],
    ...Object.entries(more),
  ]);
  const server = createServer((request, response) => {
    const name = request.url?.split('?', 1)[0]?.slice(1) || 'index.html';
    const file = files.get(name);
    if (file === undefined) return response.writeHead(404).end();
    const type = TYPES[name.split('.').at(-1) as keyof typeof TYPES];
    response.writeHead(200, {
      'Content-Type': `${type}; charset=utf-8`,
      'Cache-Control': 'no-cache',
    });
    response.end(file);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

if (import.meta.main) {
  const {
    VOLLEY_URL,
    VOLLEY_REGISTER_KEY: key,
    PORT = '8090',
    FIREBASE_WEB = 'null',
  } = process.env;
  if (key) {
    const config = {
      url: VOLLEY_URL ?? 'http://127.0.0.1:8080',
      key,
      firebase: JSON.parse(FIREBASE_WEB),
    };
    console.log(`Open ${(await serveExample(config, { port: Number(PORT) })).url}`);
  } else {
    console.error('VOLLEY_REGISTER_KEY is missing: a key with the scope "register".');
    process.exitCode = 1;
  }
}
