import type { ProviderAdapter } from '../adapter.ts';
import { type FcmCredentials, fcmVariables, isFcmGiven, readFcm } from './credentials.ts';
import { createFcmSender } from './sender.ts';
import { createFcmToken } from './token.ts';
import { fcmVerdict } from './verdict.ts';

/** Each carries 100 streams: at 80 ms an answer ten carry the default quota of 10,000 messages a second. */
const MAX_CONNECTIONS = 10;

export const fcm: ProviderAdapter<FcmCredentials> = {
  name: 'fcm',
  variables: fcmVariables,
  required: ['projectId'],
  isGiven: isFcmGiven,
  read: readFcm,
  verdict: fcmVerdict,
  createFactory:
    ({ poolOf }) =>
    ({ origin, auth, projectId }) =>
      createFcmSender({
        // a connection takes the messages of any project
        pool: poolOf('fcm', origin, MAX_CONNECTIONS),
        token: createFcmToken(auth),
        projectId,
      }),
};
