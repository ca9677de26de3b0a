import type { Preset } from './preset.ts';

/** Endpoints of Amazon Pinpoint: lines of JSON as export jobs write them, or CSV with dotted names. */
export const pinpoint: Preset = {
  name: 'pinpoint',
  title: 'Amazon Pinpoint',
  source: 'https://docs.aws.amazon.com/pinpoint/latest/developerguide/audience-data-export.html',
  knownBy: ['ChannelType', 'Address'],
  skips: [
    {
      from: 'ChannelType',
      words: {
        APNS_VOIP: 'VoIP',
        APNS_VOIP_SANDBOX: 'VoIP',
        ADM: 'Amazon',
        BAIDU: 'Baidu',
        EMAIL: 'e-mail',
        SMS: 'SMS',
        VOICE: 'voice',
        IN_APP: 'in-app',
        CUSTOM: 'custom channel',
      },
    },
    { from: 'EndpointStatus', words: { INACTIVE: 'inactive' } },
  ],
  rules: [
    { field: 'id', from: ['Id'] },
    {
      field: 'platform',
      from: ['ChannelType'],
      values: { APNS: 'ios', APNS_SANDBOX: 'ios', GCM: 'android' },
    },
    {
      field: 'environment',
      from: ['ChannelType'],
      values: { APNS: 'production', APNS_SANDBOX: 'sandbox', GCM: 'production' },
    },
    { field: 'token', from: ['Address'] },
    { field: 'language', from: ['Demographic.Locale'] },
    { field: 'timeZone', from: ['Demographic.Timezone'] },
    { field: 'country', from: ['Location.Country'] },
    { field: 'appVersion', from: ['Demographic.AppVersion'] },
    { field: 'userId', from: ['User.UserId'] },
    { field: 'optedOut', from: ['OptOut'], values: { ALL: true, NONE: false } },
    { field: 'attributes', from: ['User.UserAttributes'] },
    { field: 'attributes', from: ['Attributes'] },
    { field: 'refreshedAt', from: ['EffectiveDate'] },
  ],
  optOut: {
    columns: ['OptOut'],
    missing:
      'export the endpoints with create-export-job: a file for an import has not all columns',
  },
};
