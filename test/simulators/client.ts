/** A plain `node:http2` client for the tests of the simulators. */

import { sign } from 'node:crypto';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { makeApnsKey, type Simulator } from '../../functions/simulators/simulator.ts';

export interface Got {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export const apnsKey = makeApnsKey();
export const apnsOptions = {
  provider: 'apns' as const,
  publicKey: apnsKey.publicKey,
  keyId: 'KEY1234567',
  teamId: 'TEAM123456',
  topics: ['com.example.app'],
};
export const fcmOptions = { provider: 'fcm' as const, projectId: 'example' };

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A provider token, valid by default. */
export function jwt(
  claims: object = {},
  header: object = {},
  privateKey = apnsKey.privateKey,
): string {
  const text = `${part({ alg: 'ES256', kid: 'KEY1234567', ...header })}.${part({
    iss: 'TEAM123456',
    iat: Math.floor(Date.now() / 1000),
    ...claims,
  })}`;
  const signature = sign('sha256', Buffer.from(text), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${text}.${signature.toString('base64url')}`;
}

export async function connect({ origin, ca }: Pick<Simulator, 'origin' | 'ca'>) {
  const session = connectHttp2(origin, { ca });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  return session;
}

/** Rejects when the stream ends without an answer. */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: string | Buffer,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    let answer: Got | undefined;
    stream.on('response', ({ ':status': status, date: _, ...rest }) => {
      // without the symbols that node adds
      const headers = Object.fromEntries(Object.entries(rest as Record<string, string>));
      answer = { status: Number(status), headers, body: '' };
    });
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      answer!.body += piece;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (answer) resolve(answer);
      else reject(new Error(`no answer: ${stream.rstCode}`));
    });
    stream.end(body);
  });
}

export const PUSH_ID = '123e4567-e89b-12d3-a456-426655440000';
const goodJwt = jwt();

export const apnsHeaders = (token: string): OutgoingHttpHeaders => ({
  ':method': 'POST',
  ':path': `/3/device/${token}`,
  authorization: `bearer ${goodJwt}`,
  'apns-topic': 'com.example.app',
  'apns-push-type': 'alert',
  'apns-priority': '10',
  'apns-expiration': '0',
  'apns-id': PUSH_ID,
});

export const apnsPush = (
  session: ClientHttp2Session,
  token = sampleToken('apns', 1),
  changes: OutgoingHttpHeaders = {},
  body: string | Buffer = '{"aps":{"alert":"Hello"}}',
) => ask(session, { ...apnsHeaders(token), ...changes }, body);

export const fcmHeaders: OutgoingHttpHeaders = {
  ':method': 'POST',
  ':path': '/v1/projects/example/messages:send',
  authorization: 'Bearer ya29.placeholder',
  'content-type': 'application/json',
};

export const fcmPush = (
  session: ClientHttp2Session,
  message: object = { token: sampleToken('fcm', 1), notification: { title: 'Hello' } },
  changes: OutgoingHttpHeaders = {},
) => ask(session, { ...fcmHeaders, ...changes }, JSON.stringify({ message }));
