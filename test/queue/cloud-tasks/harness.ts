/** The Cloud Tasks queue against the simulator, over real gRPC and HTTP, in real (small) time. */

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type protos, v2 } from '@google-cloud/tasks';
import { credentials } from '@grpc/grpc-js';
import { queueNames } from '../../../functions/model/queues.ts';
import type { TaskHandler } from '../../../functions/ports/ports.ts';
import {
  type CloudTasksQueue,
  type CloudTasksQueueOptions,
  createCloudTasksQueue,
} from '../../../functions/queue/cloud-tasks/queue.ts';
import { receiveTask } from '../../../functions/queue/cloud-tasks/receiver.ts';
import {
  type CloudTasks,
  type CloudTasksOptions,
  startCloudTasks,
} from '../../../functions/simulators/cloud-tasks/simulator.ts';
import { createOidc } from '../../../functions/simulators/shared/oidc.ts';
import type { QueueHarness } from '../../contracts/queue.ts';
import { keptOpen } from '../../kept-open.ts';
import { limits } from '../embedded/harness.ts';

/** One key for all tests of a file: it takes a while to make. */
export const oidc = await createOidc();
export const invoker = 'volley-invoker@project.iam.gserviceaccount.com';
export const location = 'projects/project/locations/europe-west1';
export const queueName = (queue: string) => `${location}/queues/volley-${queue}`;

export interface CloudTasksHarness extends QueueHarness {
  queue: CloudTasksQueue;
  simulator: CloudTasks;
  /** where tasks go */
  url: string;
  logged: string[];
  /** of every request that came, in order */
  requests: IncomingHttpHeaders[];
}

export async function makeCloudTasks(
  t: TestContext,
  {
    simulator: simulated = {},
    ...options
  }: Partial<CloudTasksQueueOptions> & { simulator?: Partial<CloudTasksOptions> } = {},
): Promise<CloudTasksHarness> {
  const logged: string[] = [];
  const log = {
    taskFailed: (it: { task: string; attempt: number; error: unknown }) =>
      void logged.push(`${it.task} ${it.attempt}: ${it.error}`),
    unexpected: (it: { where: string; error: unknown }) =>
      void logged.push(`${it.where}: ${it.error}`),
  };
  const requests: IncomingHttpHeaders[] = [];
  const handler = Promise.withResolvers<TaskHandler>();
  const end = new AbortController();

  // What comes before `start` waits for it, as it would for a cold instance.
  const server = createServer(keptOpen, async (request, response) => {
    requests.push(request.headers);
    const chunks = await request.toArray();
    const { status, headers } = await receiveTask(request.headers, Buffer.concat(chunks), {
      handler: await handler.promise,
      maxAttempts: limits.maxAttempts,
      signal: end.signal,
      log,
    });
    response.writeHead(status, headers).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    end.abort();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const simulator = await startCloudTasks({
    queues: Object.fromEntries(queueNames.map((it) => [queueName(it), limits])),
    oidc,
    ...simulated,
  });
  t.after(() => simulator.close());
  const queue = createCloudTasksQueue({
    project: 'project',
    region: 'europe-west1',
    prefix: 'volley',
    invoker,
    urls: {
      plan: `${url}plan`,
      sendApns: `${url}send-apns`,
      sendFcm: `${url}send-fcm`,
      deliver: `${url}deliver`,
    },
    emulatorHost: simulator.host,
    log,
    // calls are counted: a machine that stalls for some seconds is not to make more of them
    callDeadlineMs: 30_000,
    batchDeadlineMs: 60_000,
    ...options,
  });
  t.after(() => queue.close());
  return {
    queue,
    simulator,
    url,
    logged,
    requests,
    start: handler.resolve,
    now: Date.now,
    pass: (ms) => wait(ms),
  };
}

/** Google's client, as it comes. */
export async function clientOf(t: TestContext, { host }: CloudTasks): Promise<v2.CloudTasksClient> {
  const client = new v2.CloudTasksClient({
    projectId: 'project',
    apiEndpoint: '127.0.0.1',
    port: Number(host.split(':')[1]),
    sslCreds: credentials.createInsecure(),
    clientOptions: { universeDomain: 'googleapis.com' },
  });
  t.after(() => client.close());
  return client;
}

export const ms = (it: protos.google.protobuf.ITimestamp | null | undefined) =>
  Number(it?.seconds ?? 0) * 1000 + (it?.nanos ?? 0) / 1e6;
