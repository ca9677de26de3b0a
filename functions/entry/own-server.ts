/**
 * The Functions Framework starts our code and listens; from the first request on the server is ours.
 *
 * Why not its way, an Express app in front of the function: it reads and parses every body, up to
 * 1 GiB, before anybody has asked who is calling; JSON that is none gets Express's own HTML; an
 * import cannot be streamed. And its signal handlers answer SIGTERM with 500 and end the process
 * within milliseconds, so that a half-sent chunk is sent twice; an unhandled rejection ends it too,
 * with all requests that run beside (functions-framework-nodejs, src/server.ts and src/invoker.ts,
 * and its issue 704).
 *
 * How: Node tells of each request before it hands it to the server's listeners. Nothing can be lost
 * before the first one, so its handlers do no harm until then.
 * https://nodejs.org/api/diagnostics_channel.html#http
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RequestListener, Server } from 'node:http';

export interface Owner {
  listener: RequestListener;
  /** Of the process, on a signal or after an exception nobody caught; must not reject. */
  end(why: 'signal' | 'exception', error?: unknown): Promise<void>;
  /** Somebody forgot to catch; the other requests go on. */
  onRejection(error: unknown): void;
}

const CHANNEL = 'http.server.request.start';
const EVENTS = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'];
/** Imports take long. Cloud Run has its own limit for a request, of at most this. */
const REQUEST_MS = 60 * 60 * 1000;
/**
 * Google's front keeps a connection for 600 s; a server that closes it earlier (Node: after 5 s) may do
 * so just as a request is on its way. https://cloud.google.com/load-balancing/docs/https#timeout-keepalive-backends
 */
const KEEP_ALIVE_MS = 620 * 1000;

export function takeOver(owner: Owner) {
  const take = (message: unknown) => {
    unsubscribe(CHANNEL, take);
    const { server } = message as { server: Server };
    server.removeAllListeners('request');
    server.on('request', owner.listener);
    server.requestTimeout = REQUEST_MS;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    for (const event of EVENTS) process.removeAllListeners(event);
    own(owner);
  };
  subscribe(CHANNEL, take);
}

function own({ end, onRejection }: Owner) {
  let ending = false;
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => {
      // a second Ctrl-C ends at once
      if (ending) process.exit(1);
      ending = true;
      void end('signal').then(() => process.exit(0));
    });
  // what state the process is in is anybody's guess: hand back what can be, and begin anew
  process.on('uncaughtException', (error) => {
    if (ending) return;
    ending = true;
    void end('exception', error).then(() => process.exit(1));
  });
  process.on('unhandledRejection', onRejection);
}
