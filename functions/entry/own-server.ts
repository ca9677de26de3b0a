/**
 * Own server: the Functions Framework starts our code and listens, and from the first request on our
 * code handles the server's requests, signals and unhandled errors.
 *
 * The framework's Express app is not used. It reads and parses every body, up to 1 GiB, before the
 * caller is checked; it answers invalid JSON with HTML; an import cannot be streamed. On SIGTERM its
 * handlers answer 500 and end the process within milliseconds, so a half-sent chunk is sent twice. An
 * unhandled rejection ends the process too, with all its requests (functions-framework-nodejs,
 * src/server.ts and src/invoker.ts, and its issue 704).
 *
 * Node publishes each request on a diagnostics channel before the server's listeners get it. Before the
 * first request there is no work to lose, so the framework's handlers do no harm until then.
 * https://nodejs.org/api/diagnostics_channel.html#http
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RequestListener, Server } from 'node:http';

interface Owner {
  listener: RequestListener;
  /** Ends the work, on a signal or after an uncaught exception. Must not reject. */
  end(why: 'signal' | 'exception', error?: unknown): Promise<void>;
  /** Called for an unhandled rejection; other requests continue. */
  onRejection(error: unknown): void;
}

const CHANNEL = 'http.server.request.start';
const EVENTS = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'];
/** ms for a whole request, since imports take long. It is Cloud Run's maximum; its setting may be lower. */
const REQUEST_MS = 60 * 60 * 1000;
/**
 * ms that an idle connection stays open. Google's front end keeps it for 600 s. A server that closes it
 * earlier (Node's default: 5 s) may do so just as a request arrives. https://cloud.google.com/load-balancing/docs/https#timeout-keepalive-backends
 */
const KEEP_ALIVE_MS = 620 * 1000;

/** Replaces the framework's handlers at the first request of this process. */
export function serveFromFirstRequest(owner: Owner) {
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
      // a second Ctrl-C exits without waiting
      if (ending) process.exit(1);
      ending = true;
      void end('signal').then(() => process.exit(0));
    });
  // the process's state is unknown: hand back work and let another instance continue
  process.on('uncaughtException', (error) => {
    if (ending) return;
    ending = true;
    void end('exception', error).then(() => process.exit(1));
  });
  process.on('unhandledRejection', onRejection);
}
