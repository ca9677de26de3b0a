/**
 * Cloud Tasks' services for a gRPC server, from the descriptions in Google's client package, and the
 * types of decoded messages.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadPackageDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON, type MessageTypeDefinition } from '@grpc/proto-loader';

/** google.protobuf.Timestamp and Duration */
export interface Moment {
  seconds?: number;
  nanos?: number;
}

interface HttpRequest {
  url?: string;
  httpMethod?: string;
  headers?: Record<string, string>;
  body?: Buffer;
  oauthToken?: object;
  oidcToken?: { serviceAccountEmail?: string; audience?: string };
}

interface AttemptMessage {
  scheduleTime?: Moment;
  dispatchTime?: Moment;
  responseTime?: Moment;
  responseStatus?: { code: number; message: string };
}

/** v2 and v2beta3 have different field numbers and the same field names. */
export interface TaskMessage {
  name?: string;
  appEngineHttpRequest?: object;
  httpRequest?: HttpRequest;
  scheduleTime?: Moment;
  createTime?: Moment;
  dispatchDeadline?: Moment;
  dispatchCount?: number;
  responseCount?: number;
  firstAttempt?: AttemptMessage;
  lastAttempt?: AttemptMessage;
  view?: 'BASIC' | 'FULL';
}

export interface CreateTaskMessage {
  parent?: string;
  task?: TaskMessage;
  responseView?: string;
}

export interface QueueMessage {
  name?: string;
  rateLimits?: {
    maxDispatchesPerSecond?: number;
    maxBurstSize?: number;
    maxConcurrentDispatches?: number;
  };
  retryConfig?: {
    maxAttempts?: number;
    maxRetryDuration?: Moment;
    minBackoff?: Moment;
    maxBackoff?: Moment;
    maxDoublings?: number;
  };
  state?: 'RUNNING' | 'PAUSED';
  purgeTime?: Moment;
}

type Json = Parameters<typeof fromJSON>[0];

const path = join(
  dirname(createRequire(import.meta.url).resolve('@google-cloud/tasks/build/protos')),
  'protos.json',
);
const definitions = fromJSON(JSON.parse(readFileSync(path, 'utf8')) as Json, {
  longs: Number,
  enums: String,
  oneofs: true,
});
/** biome-ignore lint/suspicious/noExplicitAny: what grpc-js makes of a description has no type */
const google = loadPackageDefinition(definitions).google as any;

export const services = {
  v2: google.cloud.tasks.v2.CloudTasks.service as ServiceDefinition,
  v2beta3: google.cloud.tasks.v2beta3.CloudTasks.service as ServiceDefinition,
  operations: google.longrunning.Operations.service as ServiceDefinition,
};

/** Packs a message of v2beta3 into a google.protobuf.Any. */
export function packed(type: 'BatchCreateTasksResponse' | 'BatchCreateTasksMetadata', it: object) {
  const name = `google.cloud.tasks.v2beta3.${type}`;
  const message = definitions[name] as MessageTypeDefinition<object, object>;
  return { typeUrl: `type.googleapis.com/${name}`, value: message.serialize(it) };
}

export const toMs = ({ seconds = 0, nanos = 0 }: Moment) => seconds * 1000 + nanos / 1e6;

export const fromMs = (ms: number): Moment => ({
  seconds: Math.floor(ms / 1000),
  nanos: Math.round((ms - 1000 * Math.floor(ms / 1000)) * 1e6),
});
