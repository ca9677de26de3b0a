/**
 * Stands between a store and the emulator, on real sockets: records what is asked and what it would
 * be billed as, and fails calls when a test says so.
 */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import firestore from '@google-cloud/firestore';
import type { google } from '@google-cloud/firestore-api/protos';
import {
  Client,
  credentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';

// exported, but not in its types
const { v1 } = (firestore as unknown as { protos: { google: typeof google } }).protos.google
  .firestore;

const streaming = ['BatchGetDocuments', 'RunQuery', 'RunAggregationQuery'] as const;
const unaries = ['Commit', 'BeginTransaction', 'Rollback'] as const;
export type Method = (typeof streaming | typeof unaries)[number];

/** A `StructuredQuery`, as far as it matters here. */
export interface Query {
  from?: { collectionId: string }[];
  where?: Filter;
  orderBy?: { field: { fieldPath: string }; direction: string }[];
  /** the fields that are added up */
  sums?: string[];
  limit?: { value: number };
}
export interface Filter {
  compositeFilter?: { op: string; filters: Filter[] };
  fieldFilter?: { field: { fieldPath: string }; op: string };
}

export interface Call {
  method: Method;
  query?: Query;
  /** what was written of documents */
  documents: google.firestore.v1.IDocument[];
  /** the collections of documents written, one for each write */
  writes: string[];
  deletes: string[];
  /** the names of documents deleted */
  gone: string[];
  /** whether a commit is that of a transaction which has read */
  hasRead: boolean;
  /** the collections of documents read, one for each read that is billed */
  reads: string[];
  code: number;
}

/**
 * `before`: nothing is passed on. `midway`: the first answers of a stream are. `halfway`: a report of
 * progress, then half of the documents that a query found. `after`: it is done, and the answer is lost.
 * `never`: it is passed on nowhere and not answered. `short`: half of the documents that a query found,
 * as if those were all.
 */
export type Fault =
  | { code: number; when: 'before' | 'midway' | 'halfway' | 'after' }
  | 'never'
  | 'short'
  | null;
const MIDWAY = 7;

export interface FirestoreProxy {
  host: string;
  calls: Call[];
  fault(call: Call): Fault | Promise<Fault>;
  stop(): void;
}

const identity = (it: Buffer) => it;
const pathOf = (method: Method) => `/google.firestore.v1.Firestore/${method}`;
/** "If not set, then no document" is in this response: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#runqueryresponse */
const PROGRESS = Buffer.from(
  v1.RunQueryResponse.encode({ readTime: { seconds: 1 }, skippedResults: 1 }).finish(),
);
export const collectionOf = (name?: string | null) => name?.split('/').at(-2) ?? '';

export async function startProxy(upstreamHost: string, t?: TestContext): Promise<FirestoreProxy> {
  const upstream = new Client(upstreamHost, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
  const server = new Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
  const proxy: FirestoreProxy = { host: '', calls: [], fault: () => null, stop };

  const begin = async (method: Method, request: Buffer) => {
    const call: Call = { method, reads: [], code: 0, ...asked(method, request) };
    proxy.calls.push(call);
    const fault = await proxy.fault(call);
    if (fault && typeof fault === 'object') call.code = fault.code;
    return { call, fault };
  };
  const failure = (code: number) => ({ code, details: 'as the test wants it' });

  const stream =
    (method: Method): handleServerStreamingCall<Buffer, Buffer> =>
    async (it) => {
      const { call, fault } = await begin(method, it.request);
      if (fault === 'never') return;
      const when = fault === 'short' ? 'short' : fault?.when;
      if (when === 'before') return it.emit('error', failure(call.code));
      const answers = upstream.makeServerStreamRequest(
        pathOf(method),
        identity,
        identity,
        it.request,
        passedOn(it.metadata),
        { deadline: it.getDeadline() },
      );
      let passed = 0;
      const held: Buffer[] = [];
      it.on('cancelled', () => answers.cancel());
      answers.on('data', (answer: Buffer) => {
        call.reads.push(...readIn(call, answer));
        if (when === 'short' || when === 'halfway') return held.push(answer);
        const passes = !fault || (when === 'midway' && passed++ < MIDWAY);
        if (passes && !it.write(answer)) {
          answers.pause();
          it.once('drain', () => answers.resume());
        }
      });
      answers.on('error', (error: { code: number; details: string }) => {
        call.code = error.code;
        it.emit('error', { code: error.code, details: error.details });
      });
      answers.on('end', () => {
        // a query that finds nothing costs a read
        if (method === 'RunQuery' && call.reads.length === 0)
          call.reads.push(call.query?.from?.[0]?.collectionId ?? '');
        if (when === 'halfway') it.write(PROGRESS);
        for (const answer of held.slice(0, Math.ceil(held.length / 2))) it.write(answer);
        if (call.code !== 0) it.emit('error', failure(call.code));
        else it.end();
      });
    };

  const unary =
    (method: Method): handleUnaryCall<Buffer, Buffer> =>
    async (it, answer) => {
      const { call, fault } = await begin(method, it.request);
      if (fault === 'never') return;
      if (typeof fault === 'object' && fault?.when === 'before') return answer(failure(fault.code));
      upstream.makeUnaryRequest(
        pathOf(method),
        identity,
        identity,
        it.request,
        passedOn(it.metadata),
        { deadline: it.getDeadline() },
        (error, value) => {
          if (error) call.code = error.code;
          if (error) answer({ code: error.code, details: error.details });
          else if (call.code !== 0) answer(failure(call.code));
          else answer(null, value);
        },
      );
    };

  const all = [...streaming, ...unaries];
  server.addService(
    Object.fromEntries(all.map((method) => [method, definition(method)])),
    Object.fromEntries([
      ...streaming.map((method) => [method, stream(method)]),
      ...unaries.map((method) => [method, unary(method)]),
    ]),
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, it) =>
      error ? reject(error) : resolve(it),
    ),
  );
  proxy.host = `127.0.0.1:${port}`;
  function stop() {
    server.forceShutdown();
    upstream.close();
  }
  t?.after(stop);
  return proxy;
}

const isStreaming = (method: Method) => streaming.some((it) => it === method);

const definition = (method: Method) => ({
  path: pathOf(method),
  requestStream: false,
  responseStream: isStreaming(method),
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
});

function passedOn(from: Metadata) {
  const metadata = new Metadata();
  for (const key of ['authorization', 'google-cloud-resource-prefix', 'x-goog-request-params'])
    for (const value of from.get(key)) metadata.add(key, value);
  return metadata;
}

function asked(method: Method, request: Buffer): Omit<Call, 'method' | 'reads' | 'code'> {
  const none = { documents: [], writes: [], deletes: [], gone: [], hasRead: false };
  if (method === 'Commit') {
    const { writes, transaction } = v1.CommitRequest.decode(request);
    return {
      documents: writes.flatMap((it) => it.update ?? []),
      writes: writes.flatMap((it) => (it.update ? collectionOf(it.update.name) : [])),
      deletes: writes.flatMap((it) => (it.delete ? collectionOf(it.delete) : [])),
      gone: writes.flatMap((it) => it.delete || []),
      hasRead: transaction.length > 0,
    };
  }
  if (method === 'RunQuery')
    return { query: legible(v1.RunQueryRequest, request).structuredQuery!, ...none };
  if (method === 'RunAggregationQuery') {
    const { structuredAggregationQuery: it } = legible(v1.RunAggregationQueryRequest, request);
    const sums = (it!.aggregations ?? []).flatMap(({ sum }) => sum?.field.fieldPath ?? []);
    return { query: { ...it!.structuredQuery!, ...(sums.length > 0 && { sums }) }, ...none };
  }
  return none;
}

/** Plain objects, with the names of enumerated values. */
const legible = <T>(type: Decoder<T>, request: Buffer) =>
  type.toObject(type.decode(request), { enums: String }) as Asked;

interface Asked {
  structuredQuery?: Query;
  structuredAggregationQuery?: Asked & {
    aggregations?: { sum?: { field: { fieldPath: string } } }[];
  };
}

interface Decoder<T> {
  decode(bytes: Uint8Array): T;
  toObject(it: T, options: { enums: typeof String }): object;
}

/** https://firebase.google.com/docs/firestore/pricing: a document that is missing is read, too. */
function readIn({ method, query }: Call, answer: Buffer): string[] {
  if (method === 'BatchGetDocuments') {
    const { found, missing } = v1.BatchGetDocumentsResponse.decode(answer);
    return found || missing ? [collectionOf(found?.name ?? missing)] : [];
  }
  if (method === 'RunQuery') {
    const { document } = v1.RunQueryResponse.decode(answer);
    return document ? [collectionOf(document.name)] : [];
  }
  // the answer does not say how many entries were added up: here fewer than 1,000
  if (query?.sums) return ['(sum)'];
  const { result } = v1.RunAggregationQueryResponse.decode(answer);
  const counted = Object.values(result?.aggregateFields ?? {})[0]?.integerValue ?? 0;
  // one for each 1,000 index entries, and at least one
  return Array(Math.max(1, Math.ceil(Number(counted) / 1000))).fill('(count)');
}

/** Fails the first calls that fit, as often as said; gives what tells whether it did. */
export function failing(
  proxy: FirestoreProxy,
  fits: (call: Call) => boolean,
  { code, when, times = 1 }: Extract<Fault, object> & { times?: number },
) {
  let left = times;
  proxy.fault = (call) => (fits(call) && left-- > 0 ? { code, when } : null);
  return () => assert.ok(left <= 0, 'the fault has happened');
}
