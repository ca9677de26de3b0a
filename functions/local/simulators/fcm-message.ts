/**
 * The shape of a request to FCM HTTP v1, as Google's JSON parser sees it: a field it does not know
 * is a fault, and a name is good in snake_case and in lowerCamelCase.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */

export interface Violation {
  field: string;
  description: string;
}

type Shape = { [name: string]: Kind };
type Kind =
  | 'string'
  | 'number'
  | 'boolean'
  | 'strings'
  | 'any'
  | 'duration'
  | 'texts'
  | Words
  | Shape;
/** an enumeration, by its names */
type Words = readonly string[];

const options: Shape = { analytics_label: 'string' };

const message: Shape = {
  name: 'string',
  data: 'texts',
  notification: { title: 'string', body: 'string', image: 'string' },
  android: {
    collapse_key: 'string',
    priority: ['NORMAL', 'HIGH'],
    ttl: 'duration',
    restricted_package_name: 'string',
    data: 'texts',
    notification: {
      title: 'string',
      body: 'string',
      icon: 'string',
      color: 'string',
      sound: 'string',
      tag: 'string',
      click_action: 'string',
      body_loc_key: 'string',
      body_loc_args: 'strings',
      title_loc_key: 'string',
      title_loc_args: 'strings',
      channel_id: 'string',
      ticker: 'string',
      sticky: 'boolean',
      event_time: 'string',
      local_only: 'boolean',
      notification_priority: 'string',
      default_sound: 'boolean',
      default_vibrate_timings: 'boolean',
      default_light_settings: 'boolean',
      vibrate_timings: 'strings',
      visibility: 'string',
      notification_count: 'number',
      light_settings: 'any',
      image: 'string',
      bypass_proxy_notification: 'boolean',
      proxy: 'string',
    },
    fcm_options: options,
    direct_boot_ok: 'boolean',
    bandwidth_constrained_ok: 'boolean',
    restricted_satellite_ok: 'boolean',
  },
  webpush: {
    headers: 'texts',
    data: 'texts',
    notification: 'any',
    fcm_options: { link: 'string', analytics_label: 'string' },
  },
  apns: {
    headers: 'texts',
    payload: 'any',
    fcm_options: { analytics_label: 'string', image: 'string' },
    live_activity_token: 'string',
  },
  fcm_options: options,
  token: 'string',
  topic: 'string',
  condition: 'string',
};

const request: Shape = { validate_only: 'boolean', message };

const duration = /^\d+(\.\d{1,9})?s$/;

/** All faults of the request's shape; [] when there is none. */
export function violations(value: unknown): Violation[] {
  const found: Violation[] = [];
  look(value, request, '', found);
  return found;
}

function look(value: unknown, kind: Kind, at: string, found: Violation[]): void {
  if (typeof kind === 'string' || Array.isArray(kind)) {
    if (!fits(value, kind as Exclude<Kind, Shape>))
      found.push({ field: at, description: `Invalid value at '${at}', ${JSON.stringify(value)}` });
    return;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    found.push({ field: at, description: `Invalid value at '${at}', an object is expected` });
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    const snake = name in kind ? name : name.replace(/[A-Z]/g, (it) => `_${it.toLowerCase()}`);
    const shape = (kind as Shape)[snake];
    if (shape) look(inner, shape, at ? `${at}.${snake}` : snake, found);
    else
      found.push({
        field: at,
        description: `Invalid JSON payload received. Unknown name "${name}"${at ? ` at '${at}'` : ''}: Cannot find field.`,
      });
  }
}

function fits(value: unknown, kind: Exclude<Kind, Shape>): boolean {
  switch (kind) {
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === kind;
    case 'any':
      return typeof value === 'object' && value !== null;
    case 'strings':
      return Array.isArray(value) && value.every((it) => typeof it === 'string');
    case 'texts':
      return (
        typeof value === 'object' &&
        value !== null &&
        Object.values(value).every((it) => typeof it === 'string')
      );
    case 'duration':
      return typeof value === 'string' && duration.test(value);
    default:
      // FCM takes "high" for HIGH
      return typeof value === 'string' && kind.includes(value.toUpperCase());
  }
}
