import type { Preset } from './preset.ts';

/** The class `_Installation`: as Parse's dashboard and API give it, and as mongoexport does. */
export const parse: Preset = {
  name: 'parse',
  title: 'Parse',
  source: 'https://docs.parseplatform.org/rest/guide/#installations',
  knownBy: ['deviceToken', 'deviceType', 'installationId'],
  skips: [
    {
      from: 'deviceType',
      words: {
        macos: 'macOS',
        tvos: 'tvOS',
        winrt: 'Windows',
        winphone: 'Windows Phone',
        dotnet: 'Windows',
        web: 'web push',
      },
    },
  ],
  rules: [
    { field: 'id', from: ['installationId', 'objectId', '_id'] },
    { field: 'platform', from: ['deviceType'], values: { ios: 'ios', android: 'android' } },
    {
      field: 'provider',
      from: ['pushType'],
      values: { gcm: 'fcm', fcm: 'fcm', apn: 'apns', apns: 'apns' },
    },
    { field: 'token', from: ['deviceToken'] },
    { field: 'language', from: ['localeIdentifier'] },
    { field: 'timeZone', from: ['timeZone'] },
    { field: 'appVersion', from: ['appVersion'] },
    { field: 'userId', from: ['user.objectId', '_p_user'], without: '_User$' },
    { field: 'tags', from: ['channels'] },
    { field: 'refreshedAt', from: ['updatedAt', '_updated_at'] },
  ],
  optOut: {
    columns: [],
    missing:
      'Parse itself has none; if your app keeps one, name it: --map optedOut=COLUMN (true: opted out)',
  },
};
