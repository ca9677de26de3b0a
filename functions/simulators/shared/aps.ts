/**
 * Checks the `aps` dictionary by Apple's documentation.
 * https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
 */

type Check = (value: unknown) => boolean;

const isText: Check = (it) => typeof it === 'string';
const isNumber: Check = (it) => typeof it === 'number' && Number.isFinite(it) && it >= 0;
const isFlag: Check = (it) => it === 0 || it === 1;
const isTexts: Check = (it) => Array.isArray(it) && it.every(isText);
const isDictionary = (it: unknown): it is Record<string, unknown> =>
  typeof it === 'object' && it !== null && !Array.isArray(it);
const among =
  (...words: string[]): Check =>
  (it) =>
    words.includes(it as string);

const isSound: Check = (it) => {
  if (!isDictionary(it)) return isText(it);
  const { name, critical = 0, volume = 1 } = it;
  return isText(name) && isFlag(critical) && isNumber(volume) && (volume as number) <= 1;
};

const isAlert: Check = (it) => {
  if (!isDictionary(it)) return isText(it);
  return Object.entries(it).every(([name, value]) => {
    if (name.endsWith('loc-args')) return isTexts(value);
    // in a live activity: a key of the app's localized strings
    if (name === 'title' || name === 'body') return isText(value) || isDictionary(value);
    return /^(subtitle|launch-image|sound|.*loc-key)$/.test(name) ? isText(value) : true;
  });
};

const checks: Record<string, Check> = {
  alert: isAlert,
  badge: (it) => isNumber(it) && Number.isInteger(it),
  sound: isSound,
  'thread-id': isText,
  category: isText,
  'content-available': isFlag,
  'mutable-content': isFlag,
  'target-content-id': isText,
  'interruption-level': among('passive', 'active', 'time-sensitive', 'critical'),
  'relevance-score': isNumber,
  'filter-criteria': isText,
  'url-args': isTexts,
  'content-changed': (it) => typeof it === 'boolean',
  timestamp: isNumber,
  'stale-date': isNumber,
  'dismissal-date': isNumber,
  event: among('start', 'update', 'end'),
  'content-state': isDictionary,
  'attributes-type': isText,
  attributes: isDictionary,
};

/** `at` is '' or a dot and a field of `aps`. Returns null if the value is as documented. */
export function apsFault(
  aps: unknown,
  isActivity: boolean,
): { at: string; description: string } | null {
  if (!isDictionary(aps)) return { at: '', description: 'aps must be a dictionary' };
  for (const [name, value] of Object.entries(aps))
    if (Object.hasOwn(checks, name) && !checks[name]!(value))
      return { at: `.${name}`, description: `Invalid value: ${JSON.stringify(value)}` };
  const score = aps['relevance-score'];
  if (!isActivity && typeof score === 'number' && score > 1)
    return { at: '.relevance-score', description: 'It must be from 0 to 1' };
  if (isActivity && (aps.event === undefined || aps.timestamp === undefined))
    return { at: '', description: 'A live activity needs an event and a timestamp' };
  return null;
}

/** True if it has no alert, no sound and no badge. */
export const showsNothing = (aps: Record<string, unknown>) =>
  aps.alert === undefined && aps.sound === undefined && aps.badge === undefined;
