/** The APNs credentials of an app: a signing key, two keys during a change, or a certificate. */

import type { ClientCertificate } from '../../http2/client/socket.ts';
import type { Environment } from '../../model/platform.ts';
import type { FieldSource, RawFields } from '../adapter.ts';
import type { CredentialReader } from '../shared/credential-reader.ts';
import { readCertificate, readSigningKey } from './key-files.ts';

const APNS_ORIGINS: Record<Environment, string> = {
  production: 'https://api.push.apple.com',
  sandbox: 'https://api.sandbox.push.apple.com',
};

interface ApnsApp {
  /** the app's bundle id */
  topic: string;
  origins: Record<Environment, string>;
}

export interface ApnsKey {
  /** PEM */
  key: string;
  keyId: string;
}

export interface ApnsKeys extends ApnsApp, ApnsKey {
  teamId: string;
  /** takes over when the first is revoked */
  next?: ApnsKey;
}

export interface ApnsCertificate extends ApnsApp {
  certificate: ClientCertificate;
}

export type ApnsCredentials = ApnsKeys | ApnsCertificate;

export const apnsVariables = {
  key: 'APNS_KEY',
  keyId: 'APNS_KEY_ID',
  teamId: 'APNS_TEAM_ID',
  nextKey: 'APNS_NEXT_KEY',
  nextKeyId: 'APNS_NEXT_KEY_ID',
  cert: 'APNS_CERT',
  certPassword: 'APNS_CERT_PASSWORD',
  topic: 'APNS_TOPIC',
  origin: 'APNS_ORIGIN',
} as const;

const keyFields = ['key', 'keyId', 'teamId'] as const;

/** Reads the credentials, and notes every fault. Returns null if they are not complete. */
export function readApns(
  raw: RawFields,
  source: FieldSource,
  reader: CredentialReader,
): ApnsCredentials | null {
  const name = source.nameOf;
  if (raw.cert) noteKeyFields(raw, source, reader);
  else noteMissing(raw, source, reader);
  for (const field of ['keyId', 'teamId', 'nextKeyId'] as const)
    if (raw[field] && !/^[A-Z0-9]{10}$/.test(raw[field]))
      reader.fault(name(field), 'must be the 10 capitals and digits Apple shows beside the key');
  if (raw.topic && !/^[A-Za-z0-9.-]{1,255}$/.test(raw.topic))
    reader.fault(name('topic'), "must be the app's bundle id, such as com.example.app");
  const own = reader.origin(raw.origin, name('origin'));
  const origins = own ? { production: own, sandbox: own } : APNS_ORIGINS;
  const { topic, teamId } = raw;
  if (raw.cert) {
    const certificate = readCertificate(raw.cert, raw.certPassword, source, reader);
    return certificate && topic ? { certificate, topic, origins } : null;
  }
  const first = keyIn(raw, 'key', 'keyId', source, reader);
  const next = keyIn(raw, 'nextKey', 'nextKeyId', source, reader);
  if (!first || !teamId || !topic) return null;
  return { ...first, teamId, ...(next && { next }), topic, origins };
}

/** An app with a certificate needs a topic, and must not have a key. */
function noteKeyFields(raw: RawFields, { nameOf }: FieldSource, reader: CredentialReader) {
  if (!raw.topic)
    reader.fault(nameOf('topic'), "is missing; give the app's bundle id beside the certificate");
  for (const field of [...keyFields, 'nextKey', 'nextKeyId'])
    if (raw[field])
      reader.fault(nameOf(field), 'is of no use beside a certificate; keep one of the two');
}

function noteMissing(raw: RawFields, { nameOf }: FieldSource, reader: CredentialReader) {
  for (const field of [...keyFields, 'topic'])
    if (!raw[field])
      reader.fault(
        nameOf(field),
        'is missing; APNs needs key, key id, team id and topic, or none of them',
      );
  if (raw.certPassword)
    reader.fault(nameOf('certPassword'), 'is there without a certificate; give that as well');
  if (Boolean(raw.nextKey) !== Boolean(raw.nextKeyId))
    reader.fault(
      nameOf(raw.nextKey ? 'nextKeyId' : 'nextKey'),
      'is missing; a key goes with its id',
    );
  else if (raw.nextKeyId && raw.nextKeyId === raw.keyId)
    reader.fault(nameOf('nextKeyId'), 'is the key it is to replace; give the id of the other one');
}

function keyIn(
  raw: RawFields,
  key: 'key' | 'nextKey',
  id: 'keyId' | 'nextKeyId',
  source: FieldSource,
  reader: CredentialReader,
): ApnsKey | null {
  const pem = raw[key] ? readSigningKey(raw[key], source.nameOf(key), source.base, reader) : null;
  const keyId = raw[id];
  return pem && keyId ? { key: pem, keyId } : null;
}
