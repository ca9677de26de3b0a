import type { ProviderAdapter } from '../adapter.ts';
import { type FcmCredentials, fcmVariables, isFcmGiven, readFcm } from './credentials.ts';
import { createFcmSender } from './sender.ts';
import { createFcmToken } from './token.ts';
import { fcmVerdict } from './verdict.ts';

/** A connection carries 100 streams. With answers in 80 ms, ten carry FCM's quota of 10,000 a second. */
export const MAX_CONNECTIONS = 10;

export const fcm: ProviderAdapter<FcmCredentials> = {
  name: 'fcm',
  variables: fcmVariables,
  required: ['projectId'],
  isGiven: isFcmGiven,
  read: readFcm,
  originOf: ({ origin }) => origin,
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
