/**
 * The fields of a request to FCM HTTP v1, from its REST reference. It shares no code with the checks
 * that run before a message is sent, because it tests them.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */

/** The name of a protobuf message, or one of the parser's own types. */
export type Kind =
  | 'STRING'
  | 'BOOL'
  | 'INT32'
  | 'FLOAT'
  | 'Duration'
  | 'Timestamp'
  | 'Struct'
  | 'Texts'
  | { all: Kind }
  | { named: string; words: readonly string[] }
  | { named: string; fields: Record<string, Kind> };

const FCM = 'type.googleapis.com/google.firebase.fcm.v1';
const message = (named: string, fields: Record<string, Kind>): Kind => ({
  named: `${FCM}.${named}`,
  fields,
});
const words = (named: string, ...words: string[]): Kind => ({ named: `${FCM}.${named}`, words });

const fcmOptions = message('FcmOptions', { analytics_label: 'STRING' });

const lightSettings = message('LightSettings', {
  color: {
    named: 'type.googleapis.com/google.type.Color',
    fields: { red: 'FLOAT', green: 'FLOAT', blue: 'FLOAT', alpha: 'FLOAT' },
  },
  light_on_duration: 'Duration',
  light_off_duration: 'Duration',
});

const androidNotification = message('AndroidNotification', {
  title: 'STRING',
  body: 'STRING',
  icon: 'STRING',
  color: 'STRING',
  sound: 'STRING',
  tag: 'STRING',
  click_action: 'STRING',
  body_loc_key: 'STRING',
  body_loc_args: { all: 'STRING' },
  title_loc_key: 'STRING',
  title_loc_args: { all: 'STRING' },
  channel_id: 'STRING',
  ticker: 'STRING',
  sticky: 'BOOL',
  event_time: 'Timestamp',
  local_only: 'BOOL',
  notification_priority: words(
    'AndroidNotification.NotificationPriority',
    'PRIORITY_UNSPECIFIED',
    'PRIORITY_MIN',
    'PRIORITY_LOW',
    'PRIORITY_DEFAULT',
    'PRIORITY_HIGH',
    'PRIORITY_MAX',
  ),
  default_sound: 'BOOL',
  default_vibrate_timings: 'BOOL',
  default_light_settings: 'BOOL',
  vibrate_timings: { all: 'Duration' },
  visibility: words(
    'AndroidNotification.Visibility',
    'VISIBILITY_UNSPECIFIED',
    'PRIVATE',
    'PUBLIC',
    'SECRET',
  ),
  notification_count: 'INT32',
  light_settings: lightSettings,
  image: 'STRING',
  bypass_proxy_notification: 'BOOL',
  proxy: words(
    'AndroidNotification.Proxy',
    'PROXY_UNSPECIFIED',
    'ALLOW',
    'DENY',
    'IF_PRIORITY_LOWERED',
  ),
});

/** By snake_case name. */
export const request: Kind = message('SendMessageRequest', {
  validate_only: 'BOOL',
  message: message('Message', {
    name: 'STRING',
    data: 'Texts',
    notification: message('Notification', { title: 'STRING', body: 'STRING', image: 'STRING' }),
    android: message('AndroidConfig', {
      collapse_key: 'STRING',
      priority: words('AndroidConfig.AndroidMessagePriority', 'NORMAL', 'HIGH', 'normal', 'high'),
      ttl: 'Duration',
      restricted_package_name: 'STRING',
      data: 'Texts',
      notification: androidNotification,
      fcm_options: message('AndroidFcmOptions', { analytics_label: 'STRING' }),
      direct_boot_ok: 'BOOL',
      bandwidth_constrained_ok: 'BOOL',
      restricted_satellite_ok: 'BOOL',
    }),
    webpush: message('WebpushConfig', {
      headers: 'Texts',
      data: 'Texts',
      notification: 'Struct',
      fcm_options: message('WebpushFcmOptions', { link: 'STRING', analytics_label: 'STRING' }),
    }),
    apns: message('ApnsConfig', {
      headers: 'Texts',
      payload: 'Struct',
      fcm_options: message('ApnsFcmOptions', { analytics_label: 'STRING', image: 'STRING' }),
      live_activity_token: 'STRING',
    }),
    fcm_options: fcmOptions,
    token: 'STRING',
    topic: 'STRING',
    condition: 'STRING',
  }),
});

type Texts = Record<string, string>;

/** The description exactly as given if there are no violations. */
export interface Sent {
  validate_only?: boolean;
  message?: SentMessage;
}

export interface SentMessage {
  token?: string;
  topic?: string;
  condition?: string;
  data?: Texts;
  notification?: Texts;
  android?: {
    ttl?: string;
    data?: Texts;
    notification?: Record<string, unknown>;
    fcm_options?: Texts;
  };
  webpush?: {
    headers?: Texts;
    data?: Texts;
    notification?: Record<string, unknown>;
    fcm_options?: Texts;
  };
  apns?: {
    headers?: Texts;
    payload?: Record<string, unknown>;
    fcm_options?: Texts;
    live_activity_token?: string;
  };
  fcm_options?: Texts;
}
