/** The credentials of apps: from texts and files as they were given, or every fault in them. */

import { createPrivateKey } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { ClientCertificate } from '../http2/client/socket.ts';
import type { Fault } from '../lib/errors.ts';
import type { Provider } from '../model/platform.ts';
import { type CertificateFault, parseCertificate } from './apns/certificate.ts';
import type { ApnsCredentials, ApnsKey, AppCredentials, FcmCredentials } from './senders.ts';
import { isObject } from './shared/merge.ts';
import { APNS_ORIGINS, FCM_ORIGIN } from './shared/origins.ts';

export type ReadFile = (path: string) => string | Buffer;

export interface RawApns {
  key?: string | undefined;
  keyId?: string | undefined;
  teamId?: string | undefined;
  nextKey?: string | undefined;
  nextKeyId?: string | undefined;
  cert?: string | undefined;
  certPassword?: string | undefined;
  topic?: string | undefined;
  origin?: string | undefined;
}

export interface RawFcm {
  projectId?: string | undefined;
  origin?: string | undefined;
  credentials?: string | undefined;
}

const certificateFaults: Record<CertificateFault, string> = {
  password: 'is not the password of the certificate',
  'old cipher':
    'is encrypted as old tools do it, and OpenSSL 3 refuses that; convert it: openssl pkcs12 -legacy -in old.p12 -nodes -out new.pem',
  'other key': 'has a key that is not of its certificate; export both together',
  unreadable: 'is no certificate with its key; export both together, as .p12 or PEM',
};

/** What an app may have, each a text. */
const fieldsOf: Record<Provider, readonly string[]> = {
  apns: [
    ...['key', 'keyId', 'teamId', 'nextKey', 'nextKeyId', 'cert', 'certPassword', 'topic'],
    'origin',
  ],
  fcm: ['projectId', 'origin', 'credentials'],
};

/** What is not of the shape that a file of apps has; what its fields say is looked at by others. */
function shapeFaults(file: unknown): Fault[] {
  if (!isObject(file)) return [{ path: '', message: 'must be an object: the apps by name' }];
  return Object.entries(file).flatMap(([app, providers]): Fault[] => {
    if (!/^[\w.-]{1,64}$/.test(app))
      return [{ path: app, message: 'name: must be 1 to 64 letters, digits, _ . -' }];
    if (!isObject(providers)) return [{ path: app, message: 'must be an object: apns, fcm' }];
    return Object.entries(providers).flatMap(([provider, fields]): Fault[] => {
      const path = `${app}.${provider}`;
      if (!Object.hasOwn(fieldsOf, provider)) return [{ path, message: 'is unknown' }];
      if (!isObject(fields)) return [{ path, message: 'must be an object' }];
      const faults = Object.entries(fields).flatMap(([field, value]): Fault[] => {
        if (!fieldsOf[provider as Provider].includes(field))
          return [{ path: `${path}.${field}`, message: 'is unknown' }];
        return typeof value === 'string'
          ? []
          : [{ path: `${path}.${field}`, message: 'must be a text' }];
      });
      if (provider === 'fcm' && !('projectId' in fields))
        faults.push({ path: `${path}.projectId`, message: 'is missing: a text expected' });
      return faults;
    });
  });
}

const texts = (it: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(it).filter(([, text]) => typeof text === 'string')) as Record<
    string,
    string
  >;

/** Reads and checks the parts; `name` tells where a field comes from, paths are seen from `base`. */
export function checker(faults: Fault[], readFile: ReadFile) {
  const fault = (path: string, message: string) => {
    if (!faults.some((it) => it.path === path)) faults.push({ path, message });
  };

  const loadBytes = (path: string, where: string, hint: string): Buffer | null => {
    try {
      return Buffer.from(readFile(path));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      fault(where, `the file cannot be read (${code}); ${hint}`);
      return null;
    }
  };

  const load = (path: string, where: string, hint: string): string | null =>
    loadBytes(path, where, hint)?.toString() ?? null;

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

  /** The path of a .p12 or PEM file, or the PEM text of a certificate and its key. */
  const clientCertificate = (
    raw: string,
    passphrase: string | undefined,
    name: (field: keyof RawApns) => string,
    base: string,
  ): ClientCertificate | null => {
    const where = name('cert');
    const bytes = raw.includes('-----BEGIN')
      ? Buffer.from(raw.replaceAll('\\n', '\n'))
      : loadBytes(resolve(base, raw), where, 'give the path of the .p12 or PEM file, or PEM text');
    if (bytes === null) return null;
    const parsed = parseCertificate(bytes, passphrase);
    if (typeof parsed === 'object') return parsed;
    fault(parsed === 'password' ? name('certPassword') : where, certificateFaults[parsed]);
    return null;
  };

  const apns = (
    raw: RawApns,
    name: (field: keyof RawApns) => string,
    base: string,
  ): ApnsCredentials | null => {
    const byCertificate = Boolean(raw.cert);
    const keyFields = ['key', 'keyId', 'teamId'] as const;
    const needed = byCertificate ? (['topic'] as const) : ([...keyFields, 'topic'] as const);
    for (const field of needed)
      if (!raw[field])
        fault(
          name(field),
          byCertificate
            ? "is missing; give the app's bundle id beside the certificate"
            : 'is missing; APNs needs key, key id, team id and topic, or none of them',
        );
    if (byCertificate) {
      for (const field of [...keyFields, 'nextKey', 'nextKeyId'] as const)
        if (raw[field])
          fault(name(field), 'is of no use beside a certificate; keep one of the two');
    } else if (raw.certPassword)
      fault(name('certPassword'), 'is there without a certificate; give that as well');
    if (Boolean(raw.nextKey) !== Boolean(raw.nextKeyId))
      fault(name(raw.nextKey ? 'nextKeyId' : 'nextKey'), 'is missing; a key goes with its id');
    else if (raw.nextKeyId && raw.nextKeyId === raw.keyId)
      fault(name('nextKeyId'), 'is the key it is to replace; give the id of the other one');
    for (const field of ['keyId', 'teamId', 'nextKeyId'] as const)
      if (raw[field] && !/^[A-Z0-9]{10}$/.test(raw[field]))
        fault(name(field), 'must be the 10 capitals and digits Apple shows beside the key');
    if (raw.topic && !/^[A-Za-z0-9.-]{1,255}$/.test(raw.topic))
      fault(name('topic'), "must be the app's bundle id, such as com.example.app");
    const own = origin(raw.origin, name('origin'));
    const origins = own ? { production: own, sandbox: own } : APNS_ORIGINS;
    const { topic, teamId } = raw;
    if (raw.cert) {
      const certificate = clientCertificate(raw.cert, raw.certPassword, name, base);
      return certificate && topic ? { certificate, topic, origins } : null;
    }
    const pair = (key: 'key' | 'nextKey', id: 'keyId' | 'nextKeyId'): ApnsKey | null => {
      const pem = raw[key] ? signingKey(raw[key], name(key), base) : null;
      const keyId = raw[id];
      return pem && keyId ? { key: pem, keyId } : null;
    };
    const first = pair('key', 'keyId');
    const next = pair('nextKey', 'nextKeyId');
    if (!first || !teamId || !topic) return null;
    return { ...first, teamId, ...(next && { next }), topic, origins };
  };

  const serviceAccount = (path: string, where: string): FcmCredentials['auth'] | null => {
    const text = load(path, where, 'give the path of a service account key');
    const value = text === null ? undefined : json(text, where);
    if (value === undefined) return null;
    const it = isObject(value) ? value : {};
    const has = (...fields: string[]) => fields.every((field) => typeof it[field] === 'string');
    if (it.type === 'service_account' && has('client_email', 'private_key'))
      return { kind: 'service-account', json: it };
    // other kinds (workload identity, a user's own) are for Google's library to read
    if (it.type !== 'service_account' && has('type')) return { kind: 'application-default' };
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
    for (const it of shapeFaults(value)) fault(`${where} ${it.path}`.trim(), it.message);
    if (!isObject(value)) return {};
    // what is of the right shape is looked at nonetheless, so that every fault is named at once
    const base = dirname(path);
    return Object.fromEntries(
      Object.entries(value).map(([app, it]) => {
        const raw = isObject(it) ? it : {};
        const name = (provider: Provider) => (field: string) =>
          `${where} ${app}.${provider}.${field}`;
        return [
          app,
          {
            apns: isObject(raw.apns) ? apns(texts(raw.apns), name('apns'), base) : null,
            fcm: isObject(raw.fcm) ? fcm(texts(raw.fcm), name('fcm'), base) : null,
          },
        ];
      }),
    );
  };

  return { apns, fcm, apps };
}
