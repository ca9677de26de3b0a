/**
 * The configuration: a pure function of the environment. This is the only place that reads it, and
 * it names every fault at once, each with what to do about it.
 */

import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type Fault, faultsOf } from './errors.ts';
import {
  APNS_ORIGINS,
  type ApnsCredentials,
  type AppCredentials,
  FCM_ORIGIN,
  type FcmCredentials,
} from './providers/senders.ts';

export interface Config {
  port: number;
  /** the embedded engine's data */
  dataDir: string;
  /** null: none was given, the local server makes one */
  apiKey: string | null;
  /** by name; `default` is there only when its variables are */
  apps: Record<string, AppCredentials>;
}

export class ConfigError extends Error {
  readonly faults: Fault[];
  constructor(faults: Fault[]) {
    const list = faults.map(({ path, message }) => `  ${path}: ${message}`).join('\n');
    super(`The configuration has ${faults.length === 1 ? 'a fault' : 'faults'}:\n${list}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

type Env = Record<string, string | undefined>;
type ReadFile = (path: string, encoding: 'utf8') => string;

/** Throws a ConfigError that lists everything that is wrong. An empty variable is one not set. */
export function readConfig(env: Env, readFile: ReadFile = readFileSync): Config {
  const faults: Fault[] = [];
  const check = checker(faults, readFile);
  const read = (name: string) => env[name]?.trim() || undefined;

  const fallback: AppCredentials = {
    apns: check.apns(
      {
        key: read('APNS_KEY'),
        keyId: read('APNS_KEY_ID'),
        teamId: read('APNS_TEAM_ID'),
        topic: read('APNS_TOPIC'),
        origin: read('APNS_ORIGIN'),
      },
      (field) => apnsVariables[field],
      '.',
    ),
    fcm: check.fcm(
      {
        projectId: read('FCM_PROJECT_ID'),
        origin: read('FCM_ORIGIN'),
        credentials: read('GOOGLE_APPLICATION_CREDENTIALS'),
      },
      (field) => fcmVariables[field],
      '.',
    ),
  };
  const apps = check.apps(read('VOLLEY_APPS'));
  if (fallback.apns || fallback.fcm) {
    if (apps.default)
      faults.push({
        path: 'VOLLEY_APPS',
        message:
          'describes the app "default", as APNS_… or FCM_… do; keep one of the two descriptions',
      });
    apps.default = fallback;
  }

  const port = Number(read('PORT') ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    faults.push({ path: 'PORT', message: 'must be a whole number from 0 to 65535, such as 8080' });

  const apiKey = read('VOLLEY_API_KEY') ?? null;
  if (apiKey !== null && !/^[\x21-\x7e]{32,256}$/.test(apiKey))
    faults.push({
      path: 'VOLLEY_API_KEY',
      message:
        'must be 32 to 256 printable ASCII characters without spaces; leave it out to have one made',
    });

  if (faults.length > 0) throw new ConfigError(faults);
  return { port, dataDir: read('VOLLEY_DATA') ?? '.volley', apiKey, apps };
}

interface RawApns {
  key?: string | undefined;
  keyId?: string | undefined;
  teamId?: string | undefined;
  topic?: string | undefined;
  origin?: string | undefined;
}

interface RawFcm {
  projectId?: string | undefined;
  origin?: string | undefined;
  credentials?: string | undefined;
}

const apnsVariables: Record<keyof RawApns, string> = {
  key: 'APNS_KEY',
  keyId: 'APNS_KEY_ID',
  teamId: 'APNS_TEAM_ID',
  topic: 'APNS_TOPIC',
  origin: 'APNS_ORIGIN',
};

const fcmVariables: Record<keyof RawFcm, string> = {
  projectId: 'FCM_PROJECT_ID',
  origin: 'FCM_ORIGIN',
  credentials: 'GOOGLE_APPLICATION_CREDENTIALS',
};

const appsSchema = z.record(
  z.string().regex(/^[\w.-]{1,64}$/, { message: 'must be 1 to 64 letters, digits, _ . -' }),
  z.strictObject({
    apns: z
      .strictObject({
        key: z.string(),
        keyId: z.string(),
        teamId: z.string(),
        topic: z.string(),
        origin: z.string().optional(),
      })
      .optional(),
    fcm: z
      .strictObject({
        projectId: z.string(),
        origin: z.string().optional(),
        credentials: z.string().optional(),
      })
      .optional(),
  }),
);

/** Reads and checks the parts; `name` tells where a field comes from, paths are seen from `base`. */
function checker(faults: Fault[], readFile: ReadFile) {
  const fault = (path: string, message: string) => {
    faults.push({ path, message });
  };

  const load = (path: string, where: string, hint: string): string | null => {
    try {
      return readFile(path, 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      fault(where, `the file cannot be read (${code}); ${hint}`);
      return null;
    }
  };

  const json = (text: string, where: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      fault(where, 'the file is not JSON; check that it was copied whole');
      return undefined;
    }
  };

  const origin = (text: string | undefined, where: string): string | null => {
    if (text === undefined) return null;
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url?.protocol === 'https:' && url.pathname === '/' && !url.search && !url.username)
      return url.origin;
    fault(where, 'must be an origin such as https://127.0.0.1:8443, without a path');
    return null;
  };

  /** The PEM of a P-256 private key, the only kind Apple issues. */
  const signingKey = (raw: string, where: string, base: string): string | null => {
    const pem = raw.includes('-----BEGIN')
      ? raw.replaceAll('\\n', '\n')
      : load(resolve(base, raw), where, 'give the path of the .p8 file, or its PEM text');
    if (pem === null) return null;
    try {
      const key = createPrivateKey(pem);
      if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return pem;
    } catch {
      // the reason would quote the key
    }
    fault(where, 'is not a P-256 private key; download the .p8 file from the Apple developer site');
    return null;
  };

  const apns = (
    raw: RawApns,
    name: (field: keyof RawApns) => string,
    base: string,
  ): ApnsCredentials | null => {
    if (!Object.values(raw).some(Boolean)) return null;
    const needed = ['key', 'keyId', 'teamId', 'topic'] as const;
    for (const field of needed)
      if (!raw[field])
        fault(
          name(field),
          'is missing; APNs needs key, key id, team id and topic, or none of them',
        );
    for (const field of ['keyId', 'teamId'] as const)
      if (raw[field] && !/^[A-Z0-9]{10}$/.test(raw[field]))
        fault(name(field), 'must be the 10 capitals and digits Apple shows beside the key');
    if (raw.topic && !/^[A-Za-z0-9.-]{1,255}$/.test(raw.topic))
      fault(name('topic'), "must be the app's bundle id, such as com.example.app");
    const key = raw.key ? signingKey(raw.key, name('key'), base) : null;
    const own = origin(raw.origin, name('origin'));
    const { keyId, teamId, topic } = raw;
    if (!key || !keyId || !teamId || !topic) return null;
    const origins = own ? { production: own, sandbox: own } : APNS_ORIGINS;
    return { key, keyId, teamId, topic, origins };
  };

  const serviceAccount = (path: string, where: string): FcmCredentials['auth'] | null => {
    const text = load(path, where, 'give the path of a service account key');
    const value = text === null ? undefined : json(text, where);
    if (value === undefined) return null;
    const parsed = z
      .looseObject({ type: z.string(), client_email: z.string(), private_key: z.string() })
      .safeParse(value);
    if (parsed.success && parsed.data.type === 'service_account')
      return { kind: 'service-account', json: parsed.data };
    // other kinds (workload identity, a user's own) are for Google's library to read
    const other = z.looseObject({ type: z.string() }).safeParse(value);
    if (other.success && other.data.type !== 'service_account')
      return { kind: 'application-default' };
    fault(where, 'is not a service account key: type, client_email and private_key are needed');
    return null;
  };

  const fcm = (
    raw: RawFcm,
    name: (field: keyof RawFcm) => string,
    base: string,
  ): FcmCredentials | null => {
    // credentials alone say nothing: they are on many machines for other programs' sake
    if (!raw.projectId && !raw.origin) return null;
    if (!raw.projectId) fault(name('projectId'), 'is missing; give the id of the Firebase project');
    else if (!/^[a-z0-9][a-z0-9.:-]{3,62}$/.test(raw.projectId))
      fault(
        name('projectId'),
        'must be a project id such as my-project-1234, not its number or name',
      );
    const own = origin(raw.origin, name('origin')) ?? FCM_ORIGIN;
    const auth = raw.credentials
      ? serviceAccount(resolve(base, raw.credentials), name('credentials'))
      : ({ kind: own === FCM_ORIGIN ? 'application-default' : 'placeholder' } as const);
    return raw.projectId && auth ? { projectId: raw.projectId, origin: own, auth } : null;
  };

  const apps = (path: string | undefined): Record<string, AppCredentials> => {
    if (!path) return {};
    const where = 'VOLLEY_APPS';
    const text = load(path, where, 'give the path of a JSON file of apps');
    const value = text === null ? undefined : json(text, where);
    if (value === undefined) return {};
    const parsed = appsSchema.safeParse(value);
    if (!parsed.success) {
      for (const it of faultsOf(parsed.error)) fault(`${where} ${it.path}`, it.message);
      return {};
    }
    const base = dirname(path);
    return Object.fromEntries(
      Object.entries(parsed.data).map(([app, raw]) => [
        app,
        {
          apns: apns(raw.apns ?? {}, (field) => `${where} ${app}.apns.${field}`, base),
          fcm: fcm(raw.fcm ?? {}, (field) => `${where} ${app}.fcm.${field}`, base),
        },
      ]),
    );
  };

  return { apns, fcm, apps };
}
