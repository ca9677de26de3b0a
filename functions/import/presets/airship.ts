import type { Preset } from './preset.ts';

/** Channels, as the listing of Airship's API gives them. */
export const airship: Preset = {
  name: 'airship',
  title: 'Airship',
  source: 'https://docs.airship.com/api/ua/#operation-api-channels-get',
  unverified: 'all of it: the names are those that integrations with Airship read',
  knownBy: ['channel_id', 'push_address', 'device_type'],
  skips: [
    {
      from: 'device_type',
      words: {
        amazon: 'Amazon',
        web: 'web push',
        open: 'open channel',
        email: 'e-mail',
        sms: 'SMS',
      },
    },
    { from: 'installed', words: { false: 'uninstalled' } },
  ],
  rules: [
    { field: 'id', from: ['channel_id'] },
    { field: 'platform', from: ['device_type'], values: { ios: 'ios', android: 'android' } },
    { field: 'token', from: ['push_address'] },
    { field: 'language', from: ['device_attributes.ua_language'] },
    { field: 'timeZone', from: ['ios.tz', 'device_attributes.ua_local_tz'] },
    { field: 'country', from: ['device_attributes.ua_country'] },
    { field: 'appVersion', from: ['device_attributes.ua_app_version'] },
    { field: 'userId', from: ['named_user_id', 'alias'] },
    { field: 'optedOut', from: ['opt_in'], values: { true: false, false: true } },
    { field: 'tags', from: ['tags'] },
    { field: 'attributes', from: ['attributes'] },
    { field: 'refreshedAt', from: ['last_registration'] },
  ],
  optOut: {
    columns: ['opt_in'],
    missing: 'list the channels again: GET /api/channels gives opt_in of each',
  },
};
