/**
 * The shape of a request to FCM HTTP v1, as Google's JSON parser sees it: a field it does not know
 * is a fault, a name is good in snake_case and in lowerCamelCase, and null is as good as absent.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 * https://protobuf.dev/programming-guides/json/
 *
 * It shares no code with what checks messages before they are sent: it is what that is held against.
 */

export interface Violation {
  field: string;
  description: string;
}

/** A message of protobuf by its name, or one of the parser's own types. */
type Kind =
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
    ...['PRIORITY_UNSPECIFIED', 'PRIORITY_MIN', 'PRIORITY_LOW', 'PRIORITY_DEFAULT'],
    ...['PRIORITY_HIGH', 'PRIORITY_MAX'],
  ),
  default_sound: 'BOOL',
  default_vibrate_timings: 'BOOL',
  default_light_settings: 'BOOL',
  vibrate_timings: { all: 'Duration' },
  visibility: words(
    'AndroidNotification.Visibility',
    ...['VISIBILITY_UNSPECIFIED', 'PRIVATE', 'PUBLIC', 'SECRET'],
  ),
  notification_count: 'INT32',
  light_settings: lightSettings,
  image: 'STRING',
  bypass_proxy_notification: 'BOOL',
  proxy: words(
    'AndroidNotification.Proxy',
    ...['PROXY_UNSPECIFIED', 'ALLOW', 'DENY', 'IF_PRIORITY_LOWERED'],
  ),
});

const request: Kind = message('SendMessageRequest', {
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

const TARGETS = ['token', 'topic', 'condition'];

/** The request by its snake_case names, without what is null, and all faults of its shape. */
export function readRequest(value: unknown): { request: Sent; violations: Violation[] } {
  const violations: Violation[] = [];
  const sent = read(value, request, '', violations) as Sent;
  const targets = TARGETS.filter((it) => sent?.message?.[it as keyof SentMessage] !== undefined);
  for (const name of targets.slice(1))
    violations.push({
      field: 'message',
      description: `Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set '${name}'`,
    });
  return { request: sent ?? {}, violations };
}

type Texts = Record<string, string>;

/** Only as it is where there are no violations. */
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

function read(value: unknown, kind: Kind, at: string, found: Violation[]): unknown {
  const refuse = (type: string, more = JSON.stringify(value)) => {
    found.push({ field: at, description: `Invalid value at '${at}' (${type}), ${more}` });
  };
  if (typeof kind === 'object' && 'fields' in kind) {
    if (!isObject(value)) return refuse(kind.named);
    return readFields(value, kind.fields, at, found);
  }
  if (typeof kind === 'object' && 'all' in kind) {
    const items = Array.isArray(value) ? value : [value];
    return items.map((it, i) => read(it, kind.all, `${at}[${i}]`, found));
  }
  if (kind === 'Texts') {
    if (!isObject(value)) return refuse('TYPE_MESSAGE');
    // the parser counts the entries of a map
    Object.values(value).forEach((it, i) => {
      read(it, 'STRING', `${at}[${i}].value`, found);
    });
    return value;
  }
  if (Array.isArray(value)) {
    const [outer, name] = at.split(/\.(?=[^.]+$)/);
    const description = `Invalid JSON payload received. Unknown name "${name}" at '${outer}': Proto field is not repeating, cannot start list.`;
    found.push({ field: outer!, description });
    return undefined;
  }
  if (typeof kind === 'object') {
    if (!kind.words.includes(value as string)) refuse(kind.named);
    return value;
  }
  const fault = faultOf(value, kind, at);
  if (fault !== null) refuse(...fault);
  return value;
}

function readFields(
  value: Record<string, unknown>,
  fields: Record<string, Kind>,
  at: string,
  found: Violation[],
): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const snake = Object.hasOwn(fields, name)
      ? name
      : name.replace(/[A-Z]/g, (it) => `_${it.toLowerCase()}`);
    const unknownName = (why: string) =>
      found.push({
        field: at,
        description: `Invalid JSON payload received. Unknown name "${name}"${at ? ` at '${at}'` : ''}: ${why}`,
      });
    if (!Object.hasOwn(fields, snake) || name.startsWith('_')) unknownName('Cannot find field.');
    else if (Object.hasOwn(known, snake))
      unknownName('Proto field is not repeating, cannot set it again.');
    else if (inner !== null)
      known[snake] = read(inner, fields[snake]!, at ? `${at}.${snake}` : snake, found);
  }
  return known;
}

const MAX_INT32 = 2 ** 31 - 1;
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** The type in the parser's words, and what it says more; null if the value is of the kind. */
function faultOf(
  value: unknown,
  kind: Exclude<Kind, object | 'Texts'>,
  at: string,
): [type: string, more?: string] | null {
  const protobuf = `type.googleapis.com/google.protobuf.${kind}`;
  switch (kind) {
    case 'STRING':
      return typeof value === 'string' ? null : ['TYPE_STRING'];
    case 'BOOL':
      return typeof value === 'boolean' ? null : ['TYPE_BOOL'];
    case 'INT32': {
      const number = numberIn(value);
      return Number.isInteger(number) && Math.abs(number) <= MAX_INT32 ? null : ['TYPE_INT32'];
    }
    case 'FLOAT':
      return Number.isFinite(numberIn(value)) ? null : ['TYPE_FLOAT'];
    case 'Duration': {
      if (typeof value !== 'string') return [protobuf];
      const field = `Field '${at.split('.').at(-1)}'`;
      if (!value.endsWith('s'))
        return [protobuf, `${field}, Illegal duration format; duration must end with 's'`];
      return /^-?\d{1,12}(?:\.\d{1,9})?s$/.test(value)
        ? null
        : [protobuf, `${field}, Invalid duration format, failed to parse seconds`];
    }
    case 'Timestamp':
      return typeof value === 'string' && timestamp.test(value) && !Number.isNaN(Date.parse(value))
        ? null
        : [protobuf];
    case 'Struct':
      return isObject(value) ? null : [protobuf];
  }
}

/** A number may come as a text. */
const numberIn = (value: unknown): number =>
  typeof value === 'number' || (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value))
    ? Number(value)
    : Number.NaN;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
