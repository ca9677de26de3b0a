/** The HTTP/2 server of a simulated provider, and simulated network faults. */

import {
  type ServerConnection,
  type ServerStream,
  startServer,
} from '../../http2/server/server.ts';
import { INTERNAL_ERROR, REFUSED_STREAM } from '../../http2/session/protocol.ts';
import type { Behaviour, SimulatorSettings } from './behaviour.ts';
import { delayLine } from './delay-line.ts';
import { type Answer, newPeer, type Peer } from './rules.ts';

interface SimulatedServerOptions {
  /** 0: any free port */
  port: number;
  certificate: { key: string; cert: string };
  /** PEM of the authority that issues client certificates */
  clientCa?: string;
  /** read at every request, so a change affects the next one; except `maxStreams` (see `resize`) */
  settings: SimulatorSettings;
  behaviour: Behaviour;
}

/** Multiples of the golden ratio, modulo 1, are spread evenly for any number of them. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Listens on a port of localhost. Throws what `listen` throws. */
export async function startSimulatedServer({
  port,
  certificate,
  clientCa,
  settings,
  behaviour,
}: SimulatedServerOptions) {
  const peers = new WeakMap<ServerConnection, Peer>();
  /** in (-1, 1), spread evenly: which part of `goawaySpread` is added to a connection's lifetime */
  const places = new WeakMap<ServerConnection, number>();
  let connections = 0;
  let held: { stream: ServerStream; answer: Answer }[] = [];
  const delayed = delayLine<{ stream: ServerStream; answer: Answer }>((it) =>
    respond(it.stream, it.answer),
  );

  function request(stream: ServerStream) {
    const { connection } = stream;
    const { decision, answer } = behaviour.decide(stream, peers.get(connection)!);
    switch (decision) {
      case 'answer':
        if (settings.latencyMs > 0) delayed.push({ stream, answer: answer! }, settings.latencyMs);
        else respond(stream, answer!);
        break;
      case 'hold':
        held.push({ stream, answer: answer! });
        break;
      case 'refuse':
        connection.reset(stream, REFUSED_STREAM);
        break;
      case 'reset':
        connection.reset(stream, INTERNAL_ERROR);
        break;
      case 'cut':
        connection.cut();
        break;
      case 'silence':
        break;
    }
  }

  const server = await startServer({
    ...certificate,
    port,
    maxStreams: settings.maxStreams,
    ...(clientCa !== undefined && { clientCa }),
    connected(connection, socket) {
      connections += 1;
      places.set(connection, 2 * ((connections * GOLDEN) % 1) - 1);
      behaviour.connected();
      const { UID } = socket.authorized ? socket.getPeerCertificate().subject : {};
      peers.set(connection, newPeer(typeof UID === 'string' ? UID : null));
    },
    opened(connection) {
      const { goawayEvery, goawaySpread = 0 } = settings;
      if (goawayEvery === 0) return;
      const place = goawaySpread === 0 ? 0 : places.get(connection)!;
      if (connection.streams >= goawayEvery + Math.round(place * goawaySpread)) connection.goaway();
    },
    request,
  });

  return {
    port: server.port,
    /** Announces a changed `maxStreams`, also on open connections. */
    resize: () => server.setMaxStreams(settings.maxStreams),
    /** Gives the answers that were held back. */
    release() {
      const given = held;
      held = [];
      for (const { stream, answer } of given) respond(stream, answer);
    },
    async close() {
      await server.close();
      delayed.clear();
      held = [];
    },
  };
}

function respond(stream: ServerStream, { status, headers, body }: Answer) {
  stream.connection.respond(stream, status, headers, body);
}
