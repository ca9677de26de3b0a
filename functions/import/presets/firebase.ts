import { type Preset, TRUTH } from './preset.ts';

const TOKEN = ['token', 'fcmToken', 'fcm_token', 'registrationToken', 'registration_token'];

/** Tokens of FCM as apps keep them. The part before the colon is the id of the app's installation. */
export const firebase: Preset = {
  name: 'firebase',
  title: 'Firebase',
  source: 'https://firebase.google.com/docs/cloud-messaging/manage-tokens',
  unverified:
    'all of it: Firebase has no export of tokens, so this reads the usual names of columns',
  knownBy: [],
  constants: { provider: 'fcm' },
  skips: [],
  rules: [
    {
      field: 'id',
      from: ['installationId', 'installation_id', 'fid', 'deviceId', 'device_id', 'id'],
    },
    { field: 'id', from: TOKEN, before: ':' },
    { field: 'platform', from: ['platform', 'os', 'deviceType', 'device_type'] },
    { field: 'token', from: TOKEN },
    { field: 'language', from: ['language', 'locale', 'lang'] },
    { field: 'timeZone', from: ['timeZone', 'timezone', 'time_zone'] },
    { field: 'country', from: ['country'] },
    { field: 'appVersion', from: ['appVersion', 'app_version'] },
    { field: 'userId', from: ['userId', 'user_id', 'uid'] },
    {
      field: 'optedOut',
      from: ['optedOut', 'opted_out', 'unsubscribed'],
      values: TRUTH,
    },
    { field: 'optedOutOf', from: ['optedOutOf', 'opted_out_of', 'unsubscribedFrom'] },
    { field: 'tags', from: ['topics'] },
    { field: 'refreshedAt', from: ['timestamp', 'updatedAt', 'updated_at', 'lastSeen'] },
  ],
  optOut: {
    columns: ['optedOut', 'opted_out', 'unsubscribed'],
    missing: 'add the column optedOut, or name yours: --map optedOut=COLUMN (true: opted out)',
  },
};
