/** The Firebase project of an app, and the service account that sends its messages. */

import { resolve } from 'node:path';
import type { FieldSource, RawFields } from '../adapter.ts';
import type { CredentialReader } from '../shared/credential-reader.ts';
import { isObject } from '../shared/merge.ts';
import type { FcmAuth } from './token.ts';

const FCM_ORIGIN = 'https://fcm.googleapis.com';

export interface FcmCredentials {
  projectId: string;
  origin: string;
  auth: FcmAuth;
}

export const fcmVariables = {
  projectId: 'FCM_PROJECT_ID',
  origin: 'FCM_ORIGIN',
  credentials: 'GOOGLE_APPLICATION_CREDENTIALS',
} as const;

/** Credentials alone do not count: many machines have them for other programs. */
export const isFcmGiven = (raw: RawFields) => Boolean(raw.projectId || raw.origin);

/** Reads the credentials, and notes every fault. Returns null if they are not complete. */
export function readFcm(
  raw: RawFields,
  { nameOf, base }: FieldSource,
  reader: CredentialReader,
): FcmCredentials | null {
  if (!isFcmGiven(raw)) return null;
  if (!raw.projectId)
    reader.fault(nameOf('projectId'), 'is missing; give the id of the Firebase project');
  else if (!/^[a-z0-9][a-z0-9.:-]{3,62}$/.test(raw.projectId))
    reader.fault(
      nameOf('projectId'),
      'must be a project id such as my-project-1234, not its number or name',
    );
  const own = reader.origin(raw.origin, nameOf('origin')) ?? FCM_ORIGIN;
  const auth = raw.credentials
    ? readServiceAccount(resolve(base, raw.credentials), nameOf('credentials'), reader)
    : ({ kind: own === FCM_ORIGIN ? 'application-default' : 'placeholder' } as const);
  return raw.projectId && auth ? { projectId: raw.projectId, origin: own, auth } : null;
}

function readServiceAccount(
  path: string,
  where: string,
  { load, json, fault }: CredentialReader,
): FcmAuth | null {
  const text = load(path, where, 'give the path of a service account key');
  const value = text === null ? undefined : json(text, where);
  if (value === undefined) return null;
  const it = isObject(value) ? value : {};
  const has = (...fields: string[]) => fields.every((field) => typeof it[field] === 'string');
  if (it.type === 'service_account' && has('client_email', 'private_key'))
    return { kind: 'service-account', json: it };
  // Google's library reads the other kinds: workload identity, credentials of a user
  if (it.type !== 'service_account' && has('type')) return { kind: 'application-default' };
  fault(where, 'is not a service account key: type, client_email and private_key are needed');
  return null;
}
