/**
 * The API over a real SQLite store, with a queue that only collects and senders that take all. Every
 * answer is held against the API's description.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiOptions, createApi } from '../../functions/http/api.ts';
import { hashKey, makeKey } from '../../functions/http/auth/authorize.ts';
import { createLog } from '../../functions/log.ts';
import type { Failure } from '../../functions/model/chunk.ts';
import type { Scope } from '../../functions/model/key.ts';
import type { Task } from '../../functions/model/tasks.ts';
import type { Ports, Sender, Store } from '../../functions/ports/ports.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { checked } from './described.ts';

export const NOW = Date.UTC(2026, 10, 21, 13);
export const apnsToken = (n: number) => n.toString(16).padStart(64, '0');

export async function createFixture(
  t: { after(done: () => Promise<void>): void },
  options: ApiOptions = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'volley-http-'));
  const clock = { now: NOW };
  const path = join(folder, 'volley.sqlite');
  const store = createSqliteStore({ path, now: () => clock.now });
  const tasks: Task[] = [];
  const logged: string[] = [];
  const sender: Sender = {
    check: ({ message }) =>
      message.body === 'too much' ? [{ path: '', message: 'the payload has 5000 bytes' }] : [],
    lost: () => [],
    render: ({ message }, { token }) => ({
      headers: {},
      payload: JSON.stringify({ token, title: message.title }),
      bytes: 10,
      mostBytes: 4096,
    }),
    send: async () => {},
    warm: async () => {},
  };
  const ports: Ports = {
    store,
    queue: {
      create: async (more) => {
        tasks.push(...more);
      },
      waiting: async (some) => some.map((it) => tasks.some(({ name }) => name === it.name)),
    },
    events: { publish: async () => {} },
    senders: {
      apps: () => [{ name: 'default', providers: ['apns', 'fcm'] }],
      get: (app) => (app === 'default' ? sender : null),
    },
    log: createLog((line) => logged.push(line)),
    now: () => clock.now,
    random: () => 0.5,
  };
  t.after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const addKey = async (...scopes: Scope[]) => {
    const key = makeKey();
    await store.putKey({ hash: hashKey(key), name: scopes.join('+') || 'none', scopes });
    return key;
  };
  const key = await addKey('campaigns', 'installations', 'read', 'admin');
  const apiOver = (other: Partial<Store>) =>
    checked(createApi({ ...ports, store: { ...store, ...other } }));
  const api = checked(createApi(ports, options));

  /** With the key of all scopes, and JSON unless said otherwise. */
  const ask = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    to = api,
  ) => {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    return to.request(path, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && {
        body: raw ? (body as string) : JSON.stringify(body),
      }),
    });
  };
  const load = (body: string | Uint8Array | ReadableStream, type = 'text/csv', query = '') =>
    api.request(`/v1/installations:import${query}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': type },
      body,
      duplex: 'half',
    } as RequestInit);

  return { store, ports, api, apiOver, ask, load, addKey, key, tasks, logged, clock };
}

export type Fixture = Awaited<ReturnType<typeof createFixture>>;

export const jsonOf = async <T>(response: Response) => (await response.json()) as T;

/** Sends a campaign by hand: as many recipients as tokens, every one of them failed. */
export async function failAll(
  store: Store,
  campaignId: string,
  tokens: string[],
  outcome: Failure['outcome'] = 'rejected',
) {
  const recipients = tokens.map((token, n) => ({ installationId: `device-${n}`, token }));
  const id = `${campaignId}.0.0.0`;
  const times = { dueAt: NOW, now: NOW };
  const whole = { from: 0, to: 2 ** 32 };
  await store.startCampaign({ id: campaignId, shards: [whole], dueAt: NOW });
  await store.freezePage({
    campaignId,
    shard: 0,
    page: 0,
    skipped: 0,
    cursor: null,
    last: true,
    ...times,
    chunks: [
      {
        id,
        campaignId,
        shard: 0,
        app: 'default',
        provider: 'fcm',
        environment: 'production',
        recipients,
        notBefore: 0,
        dueAt: NOW,
        expiresAt: NOW + 1,
      },
    ],
  });
  const lease = { id: 'lease', until: NOW + 1 };
  await store.claimChunk(id, lease, NOW);
  await store.commitChunk({
    chunkId: id,
    leaseId: lease.id,
    accepted: 0,
    skipped: [],
    forget: [],
    open: [],
    inDoubt: [],
    lease: { release: true, notBefore: 0, stalled: 0 },
    ...times,
    failures: recipients.map((it, index) => ({
      ...it,
      index,
      provider: 'fcm',
      outcome,
      reason: 'INVALID_ARGUMENT',
      attempts: 1,
      at: NOW,
    })),
  });
}

export const campaign = {
  name: 'Autumn',
  audience: { language: 'de' },
  message: { title: 'Hallo', body: 'Welt' },
};
