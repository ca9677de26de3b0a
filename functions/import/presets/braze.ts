import type { Preset } from './preset.ts';

/** User profiles, one a line, each with the list of its push tokens. */
export const braze: Preset = {
  name: 'braze',
  title: 'Braze',
  source: 'https://www.braze.com/docs/api/endpoints/export/user_data/post_users_segment',
  unverified: 'the names of the platforms that push tokens have',
  knownBy: ['push_tokens'],
  each: 'push_tokens',
  skips: [
    {
      from: 'push_tokens.platform',
      words: {
        web: 'web push',
        kindle: 'Amazon',
        'kindle fire': 'Amazon',
        fireos: 'Amazon',
        windows: 'Windows',
        roku: 'Roku',
        macos: 'macOS',
        tvos: 'tvOS',
      },
    },
  ],
  rules: [
    { field: 'id', from: ['push_tokens.device_id'] },
    {
      field: 'platform',
      from: ['push_tokens.platform'],
      values: { ios: 'ios', android: 'android' },
    },
    { field: 'token', from: ['push_tokens.token'] },
    { field: 'language', from: ['language'] },
    { field: 'timeZone', from: ['time_zone'] },
    { field: 'country', from: ['country'] },
    { field: 'userId', from: ['external_id'] },
    {
      field: 'optedOut',
      from: ['push_subscribe'],
      values: { unsubscribed: true, subscribed: false, opted_in: false },
    },
    {
      field: 'optedOut',
      from: ['push_tokens.notifications_enabled'],
      values: { true: false, false: true },
    },
    { field: 'attributes', from: ['custom_attributes'] },
  ],
  optOut: {
    columns: ['push_subscribe'],
    missing: 'export again with push_subscribe in fields_to_export',
  },
};
