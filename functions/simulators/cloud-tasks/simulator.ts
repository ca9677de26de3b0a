/**
 * Cloud Tasks on this machine: the gRPC API that Google's clients speak, and real HTTP to handlers,
 * with OIDC tokens. Everything is in memory. It has no authorization: every client that reaches the
 * port may create tasks, so it listens on 127.0.0.1 only.
 *
 * Point a client at it with `{ apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure() }`.
 */

import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Log } from '../../ports/ports.ts';
import type { Oidc } from '../shared/oidc.ts';
import { createBatchService } from './batch.ts';
import { createDispatcher } from './dispatch.ts';
import { type CloudTasksSettings, type CloudTasksStats, noFaults } from './faults.ts';
import { services } from './protos.ts';
import { createSimulatedQueue, type SimulatedLimits } from './queue.ts';
import type { Call } from './queue-calls.ts';
import { createQueues } from './queues.ts';
import { createService } from './service.ts';
import { Refusal } from './task.ts';

export type { CloudTasksSettings, CloudTasksStats, SimulatedLimits };

export interface CloudTasksOptions {
  /** default: any free port */
  port?: number;
  /** by full name, "projects/P/locations/L/queues/Q"; missing limits have Cloud Tasks' defaults */
  queues: Record<string, Partial<SimulatedLimits>>;
  oidc: Pick<Oidc, 'token'>;
  /** maps a task's url to an address of this machine; default: the url itself */
  reach?: (url: URL) => URL;
  unkind?: CloudTasksSettings['unkind'];
  log?: Pick<Log, 'taskFailed' | 'unexpected'>;
  now?: () => number;
  random?: () => number;
}

export interface CloudTasks {
  /** 127.0.0.1:port, for CLOUD_TASKS_EMULATOR_HOST */
  host: string;
  /** Changes the given settings only. */
  set(settings: Partial<CloudTasksSettings>): Promise<void>;
  stats(): Promise<CloudTasksStats>;
  /** Cuts every connection and drops all tasks. */
  close(): Promise<void>;
}

const silent = { taskFailed() {}, unexpected() {} };

/** Throws what `listen` throws, and a Refusal if the name of a queue is invalid. */
export async function startCloudTasks({
  port = 0,
  queues: wanted,
  oidc,
  reach,
  unkind = {},
  log = silent,
  now = Date.now,
  random = Math.random,
}: CloudTasksOptions): Promise<CloudTasks> {
  const settings = { ...noFaults(), unkind };
  const stats = {
    creates: 0,
    gets: 0,
    batches: 0,
    mostConcurrentCalls: 0,
    created: 0,
    duplicates: 0,
    dispatches: 0,
  };
  const dispatcher = createDispatcher({
    oidc,
    reach,
    now,
    onDispatch: () => void stats.dispatches++,
  });
  const queues = createQueues((name, limits) => {
    const queue = createSimulatedQueue(limits, {
      send: dispatcher.to(name, () => queue.limits),
      unkind: () => settings.unkind,
      log,
      now,
      random,
    });
    return queue;
  });
  for (const [name, limits] of Object.entries(wanted)) queues.put(name, limits);

  const service = createService(queues, settings, stats, now);
  const { batch, operations } = createBatchService(service, settings, stats, now);
  const server = new Server();
  serve(server, services.v2, service.calls, log);
  serve(server, services.v2beta3, { ...service.calls, ...batch }, log);
  serve(server, services.operations, operations, log);
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, it) =>
      error ? reject(error) : resolve(it),
    ),
  );

  return {
    host: `127.0.0.1:${bound}`,
    async set(changes) {
      // a copy, because the counts of the next few faults are decreased in it
      Object.assign(settings, structuredClone(changes));
    },
    stats: async () => ({
      ...stats,
      tasks: queues.names().reduce((sum, name) => sum + queues.get(name).size, 0),
    }),
    async close() {
      queues.close();
      dispatcher.close();
      server.forceShutdown();
    },
  };
}

/** Calls that are not in `calls` answer UNIMPLEMENTED. */
function serve(
  server: Server,
  definition: ServiceDefinition,
  calls: Record<string, Call>,
  log: Pick<Log, 'unexpected'>,
) {
  const unary =
    (call: Call) =>
    ({ request }: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) => {
      call(request).then(
        (message) => answer(null, message),
        (error) => {
          if (error instanceof Refusal) return answer({ code: error.code, details: error.details });
          log.unexpected({ where: 'cloud tasks simulator', error });
          answer({ code: status.INTERNAL, details: String(error) });
        },
      );
    };
  server.addService(
    definition,
    Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, unary(call)])),
  );
}
