/**
 * A proxy in front of a function's instances, like Google's front end: it has one address, and gives
 * each request to an instance or answers it itself. `run/` simulates Cloud Run; without it the instances
 * get requests in turn.
 */

import {
  Agent,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface Front {
  url: string;
  close(): Promise<void>;
}

/** An answer that the front gives itself. */
export interface Refusal {
  kind: 'refused';
  status: number;
  headers?: Record<string, string>;
  body: string;
}

/** A slot of an instance for one request. */
export interface Place {
  kind: 'place';
  port: number;
  /** Called when the request has ended, however it ended. */
  free(): void;
}

export interface Admitted {
  kind: 'admitted';
  /** headers that the instance gets */
  headers: OutgoingHttpHeaders;
}

interface FrontOptions {
  /** default: any free port */
  port?: number;
  /** Waits for a slot of an instance. The signal fires when the caller disconnects. */
  take(gone: AbortSignal): Promise<Place | Refusal>;
  /** Decides whether to admit a request. Default: admits all requests, with their headers unchanged. */
  admit?(request: IncomingMessage): Promise<Admitted | Refusal>;
  /** stands in front of everything: it answers a request itself, or gives it to `pass` */
  before?: (pass: RequestListener) => RequestListener;
  /** ms from a request to the end of its answer, the start of an instance included; later it gets 504 */
  timeoutMs?: number;
}

/** ms that a request waits for an instance, then it gets 503 as on Cloud Run. A cold start takes 1 s. */
const START_MS = 30_000;

/**
 * ms that an idle connection stays open, as at Google's front end. Node's own five seconds would end some just as
 * a request arrives, which its caller cannot tell from one that was lost.
 */
const KEEP_ALIVE_MS = 600_000;

const refusal = (status: number, body: string): Refusal => ({ kind: 'refused', status, body });
/** The texts of Cloud Run's answers. https://cloud.google.com/run/docs/troubleshooting */
const broken = refusal(503, 'Service Unavailable');
const late = refusal(504, 'upstream request timeout');

/** For a fixed set of instances: takes them in turn, and waits while none has started. */
export function inTurn(
  ports: () => readonly number[],
  now: () => number = () => performance.now(),
): FrontOptions['take'] {
  let turn = 0;
  return async (gone) => {
    const deadline = now() + START_MS;
    while (ports().length === 0 && !gone.aborted && now() < deadline) await wait(20);
    const all = ports();
    turn = (turn + 1) % Math.max(1, all.length);
    const port = all[turn];
    return port === undefined ? broken : { kind: 'place', port, free() {} };
  };
}

/** Adds a token to the requests of an emulator that sends none, unlike Google's service. */
export const as =
  (token: () => string): NonNullable<FrontOptions['admit']> =>
  async ({ headers }) => ({
    kind: 'admitted',
    headers: { ...headers, authorization: `Bearer ${token()}` },
  });

const asTheyCame: NonNullable<FrontOptions['admit']> = async ({ headers }) => ({
  kind: 'admitted',
  headers,
});

/** Listens on 127.0.0.1. Throws what `listen` throws. */
export async function openFront(options: FrontOptions): Promise<Front> {
  const { take, admit = asTheyCame, before = (pass) => pass, port = 0, timeoutMs } = options;
  const agent = new Agent({ keepAlive: true });
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    before((req, res) => void pass(req, res).catch(() => refuse(res, broken))),
  );

  async function pass(req: IncomingMessage, res: ServerResponse) {
    const gone = new AbortController();
    const overdue =
      timeoutMs === undefined ? undefined : setTimeout(() => refuse(res, late), timeoutMs);
    res.once('close', () => {
      clearTimeout(overdue);
      gone.abort();
    });
    const admitted = await admit(req);
    if (admitted.kind === 'refused') return refuse(res, admitted);
    const place = await take(gone.signal);
    if (place.kind === 'refused') return refuse(res, place);
    try {
      if (!gone.signal.aborted) await send(req, res, admitted.headers, place.port);
    } finally {
      place.free();
    }
  }

  /** Resolves when the instance has finished with the request. */
  function send(
    req: IncomingMessage,
    res: ServerResponse,
    headers: OutgoingHttpHeaders,
    to: number,
  ) {
    const { method, url: path } = req;
    const onward = request({ host: '127.0.0.1', port: to, method, path, agent, headers });
    onward.once('response', (answer) => {
      if (res.headersSent) return void answer.destroy();
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
      // the instance died in the middle of its answer
      answer.once('error', () => res.destroy());
    });
    onward.once('error', () => refuse(res, broken));
    req.pipe(onward);
    return new Promise<void>((resolve) => {
      res.once('close', () => {
        onward.destroy();
        resolve();
      });
    });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function refuse(res: ServerResponse, { status, headers, body }: Refusal) {
  if (res.headersSent) return void res.destroy();
  res.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(body);
}
