import { type Preset, TRUTH } from './preset.ts';

export const onesignal: Preset = {
  name: 'onesignal',
  title: 'OneSignal',
  source: 'https://documentation.onesignal.com/reference/csv-export',
  knownBy: ['identifier', 'device_type'],
  skips: [
    {
      from: 'device_type',
      words: {
        2: 'Amazon',
        3: 'Windows Phone',
        4: 'Chrome app',
        // subscriptions are bound to the keys of OneSignal, so FCM does not take them
        5: 'web push',
        6: 'Windows',
        7: 'web push',
        8: 'web push',
        9: 'macOS',
        10: 'Alexa',
        11: 'e-mail',
        13: 'Huawei',
        14: 'SMS',
        17: 'web push',
      },
    },
  ],
  rules: [
    { field: 'id', from: ['id'] },
    { field: 'platform', from: ['device_type'], values: { 0: 'ios', 1: 'android' } },
    { field: 'token', from: ['identifier'] },
    { field: 'language', from: ['language'] },
    { field: 'timeZone', from: ['timezone_id'] },
    { field: 'country', from: ['country'] },
    { field: 'appVersion', from: ['game_version'] },
    { field: 'userId', from: ['external_user_id'] },
    { field: 'optedOut', from: ['notification_types'], below: 1 },
    { field: 'optedOut', from: ['invalid_identifier'], values: TRUTH },
    { field: 'attributes', from: ['tags'] },
    { field: 'refreshedAt', from: ['last_active'] },
  ],
  optOut: {
    columns: ['notification_types'],
    missing:
      'export again with "extra_fields": ["notification_types", "external_user_id", "timezone_id", "country"]',
  },
};
