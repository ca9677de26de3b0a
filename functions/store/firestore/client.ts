/**
 * The Firestore client as the store uses it: alive after a freeze, never waiting without end, and
 * retried here, where a write knows whether it may be.
 */

import {
  type DocumentReference,
  type DocumentSnapshot,
  Firestore,
  type Timestamp,
  type Transaction,
} from '@google-cloud/firestore';
import { PassThroughClient } from 'google-auth-library';
import { type Backoff, fullJitter } from '../../lib/backoff.ts';
import { endsWithin, withDeadline } from '../../lib/deadline.ts';
import { Unavailable } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import { BROKEN_OFF, withWholeAnswers } from './whole-answers.ts';

export interface FirestoreOptions {
  project: string;
  /** '(default)' unless it was given a name */
  database?: string;
  /** `host:port` of an emulator, which needs no credentials */
  emulator?: string | null;
  /** how long a verb may take, retries and all */
  deadlineMs?: number;
  /** how long a connection may be silent until it is asked for a sign of life, and may take for it */
  keepAliveMs?: number;
  keepAliveTimeoutMs?: number;
  /** says what has expired */
  now?: () => number;
  /** Firestore's time of a read, in ms; tests let weeks go by */
  readTime?: (at: Timestamp) => number;
  /** ms, for durations */
  monotonic?: () => number;
  random?: () => number;
}

type Work<T> = (writes: Transaction, attempt: number) => Promise<T>;

export interface Client {
  db: Firestore;
  now(): number;
  /** ms, for durations */
  monotonic(): number;
  /** When it was read, by Firestore's clock, in ms. */
  readAt(found: { readTime: Timestamp }): number;
  /**
   * Whether a document is there and has not expired. Firestore deletes what has expired days later, and
   * in no order: what belongs to it may be gone before it. Of fields that are named, name `expireAt`.
   * https://firebase.google.com/docs/firestore/ttl
   */
  isLive(found: DocumentSnapshot | undefined): found is DocumentSnapshot;
  /** The documents as they are, with only these fields if any are named. */
  get(refs: DocumentReference[], fields?: string[]): Promise<DocumentSnapshot[]>;
  /** A query, or what else only reads. */
  read<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Reads, decides, and writes all of it or nothing; all of that again when something came in
   * between. Where `work` reads by `get` and writes under a precondition (`unchanged`), no caller waits
   * for a lock, and who loses a race knows it immediately; what it reads by the transaction itself is
   * locked. A commit whose answer was lost is tried again too: `attempt` is above 1 then, and `work`
   * has to recognise its own doing.
   */
  write<T>(work: Work<T>): Promise<T>;
  /**
   * Creates a document, and gives its time, which is its `updateTime`. Null if one of that name is there:
   * that may be this call's own doing, if the answer of its first attempt was lost.
   */
  create(ref: DocumentReference, fields: object): Promise<Timestamp | null>;
  close(): Promise<void>;
}

/** The precondition of a write: the document has not changed since it was read. */
export const unchanged = (document: DocumentSnapshot) => ({
  lastUpdateTime: document.updateTime!,
});

/** Behind a server that does not answer, the SDK tries a read again for minutes. */
const CLOSE_MS = 5_000;

const ALREADY_EXISTS = 6;

/** What others are in the way of has no such bound: each of them is done at some time. */
const MAX_ATTEMPTS = 10;
/** Doubled before the first retry. */
const BACKOFF: Backoff = { baseMs: 25, capMs: 2_000 };

/** The last error of what is tried again. */
interface Tried {
  error: unknown;
}

export function createClient({
  project,
  database = '(default)',
  emulator = null,
  deadlineMs = 30_000,
  keepAliveMs = 30_000,
  keepAliveTimeoutMs = 5_000,
  now = Date.now,
  readTime = (at) => at.toMillis(),
  monotonic = () => performance.now(),
  random = Math.random,
}: FirestoreOptions): Client {
  const db = new Firestore({
    projectId: project,
    databaseId: database,
    ignoreUndefinedProperties: true,
    grpcOptions: {
      // else a flow that was dropped while the CPU was frozen hangs until the deadline
      'grpc.keepalive_time_ms': keepAliveMs,
      'grpc.keepalive_timeout_ms': keepAliveTimeoutMs,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.callInvocationTransformer': withWholeAnswers,
    },
    clientConfig: clientConfig(deadlineMs),
    // else a read that fails is tried again twice, a second apart, even if it was refused
    gaxServerStreamingRetries: true,
    ...(emulator !== null && {
      host: emulator,
      ssl: false,
      // else the SDK asks the metadata server who it is, and waits for the answer
      authClient: new PassThroughClient(),
    }),
  });

  const underWay = new Set<Promise<unknown>>();

  /** What is left behind at the deadline ends by itself: each of its calls has one. */
  async function inTime<T>(work: (tried: Tried) => Promise<T>): Promise<T> {
    const tried: Tried = { error: { code: 4 } };
    const working = work(tried);
    underWay.add(working);
    const ended = () => underWay.delete(working);
    working.then(ended, ended);
    try {
      return await withDeadline(working, deadlineMs, () => tried.error);
    } catch (error) {
      throw explained(error, `${project}/${database}`);
    }
  }

  const retried = <T>(work: (attempt: number) => Promise<T>, passing: Set<number>) =>
    inTime(async (tried) => {
      const deadline = monotonic() + deadlineMs;
      return retry(work, {
        next(error, attempt) {
          if (monotonic() > deadline || !isOf(passing, error)) return null;
          if (attempt >= MAX_ATTEMPTS && !isOf(contended, error)) return null;
          tried.error = error;
          return fullJitter(BACKOFF, attempt, random);
        },
      });
    });
  const read = <T>(work: () => Promise<T>) => retried(work, absent);

  return {
    db,
    now,
    monotonic,
    readAt: (found) => readTime(found.readTime),
    isLive: (found): found is DocumentSnapshot =>
      found?.exists === true && !((found.get('expireAt') as Timestamp)?.toMillis() <= now()),
    get: async (refs, fields) =>
      refs.length === 0
        ? []
        : read(() => (fields ? db.getAll(...refs, { fieldMask: fields }) : db.getAll(...refs))),
    read,
    // retried here, without delay: the SDK's own retry first waits a second
    write: (work) =>
      retried(
        (attempt) => db.runTransaction((it) => work(it, attempt), { maxAttempts: 1 }),
        absentOrContended,
      ),
    async create(ref, fields) {
      try {
        return (await retried(() => ref.create(fields), absent)).writeTime;
      } catch (error) {
        if ((error as { code?: number }).code === ALREADY_EXISTS) return null;
        throw error;
      }
    },
    async close() {
      // not before: the SDK's retry of a read is then a rejection that no code can catch
      const closed = Promise.allSettled(underWay).then(() => db.terminate());
      await endsWithin(closed, CLOSE_MS);
    },
  };
}

/**
 * Deadlines of single calls. A commit is not retried below us (the SDK would, for ten minutes, and
 * could not know what was written); reads are, five times, while they have not begun.
 * https://github.com/googleapis/gax-nodejs/blob/main/client-libraries.md
 */
function clientConfig(deadlineMs: number) {
  const method = (timeoutMs: number) => ({
    timeout_millis: Math.min(timeoutMs, deadlineMs),
    retry_codes_name: 'none',
  });
  return {
    interfaces: {
      'google.firestore.v1.Firestore': {
        retry_codes: { none: [] },
        methods: {
          BatchGetDocuments: method(10_000),
          RunQuery: method(20_000),
          RunAggregationQuery: method(deadlineMs),
          Commit: method(10_000),
          Rollback: method(5_000),
        },
      },
    },
  };
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const causes: Record<number, string> = {
  1: 'the call was cancelled',
  2: 'it has an error of its own',
  4: 'it did not answer in time',
  5: 'there is no such database; create it, or set VOLLEY_DATABASE',
  7: 'this service account may not use it; grant it roles/datastore.user',
  8: 'a quota of it is used up',
  9: 'others keep changing the same documents',
  10: 'others keep changing the same documents',
  13: 'it has an error of its own',
  14: 'it cannot be reached',
  [BROKEN_OFF]: 'its answers break off',
  16: 'it does not accept the credentials',
};

/** It did not serve us for a moment: worth another attempt. */
const absent = new Set([1, 2, 4, 8, 13, 14, BROKEN_OFF, 16]);
/** Others have changed what was read, or hold a lock on it. */
const contended = new Set([9, 10]);
/** Or another process was faster. */
const absentOrContended = new Set([...absent, ...contended, 5, 6]);

const isOf = (passing: Set<number>, error: unknown) =>
  passing.has((error as { code?: number }).code ?? 0) ||
  // how the back end says that a transaction took too long
  /transaction has expired/.test(String((error as Error).message));

function explained(error: unknown, database: string): unknown {
  if (error instanceof Unavailable) return error;
  const { code = 0, message = '' } = error as { code?: number; message?: string };
  const cause = /requires an index/.test(message)
    ? 'an index is missing; deploy firestore.indexes.json'
    : causes[code];
  if (!cause) return error;
  return new Unavailable(`Firestore (${database}) cannot be used: ${cause}`, { cause: error });
}
