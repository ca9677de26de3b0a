/** Finds contradictions in a push to an iPhone. They are the same for every provider that carries it. */

import type { Fault } from '../../lib/errors.ts';
import type { Push } from '../../ports/ports.ts';
import { type Apple, IMAGE_KEY, isVisible, objectOf } from '../shared/described.ts';
import { isObject } from '../shared/merge.ts';

/** The paths of the faults are within the message. */
export function appleFaults({ message }: Push, { type, priority, payload }: Apple): Fault[] {
  const { data = {}, imageUrl, apns = {} } = message;
  const faults: Fault[] = [];
  const refuse = (path: string, message: string) => faults.push({ path, message });
  if (Object.hasOwn(data, 'aps')) refuse('data.aps', "is Apple's own name");
  if (imageUrl !== undefined && Object.hasOwn(data, IMAGE_KEY))
    refuse(`data.${IMAGE_KEY}`, 'is the name of the address in imageUrl');
  if (Object.hasOwn(apns.payload ?? {}, 'aps') && !isObject(apns.payload?.aps))
    refuse('apns.payload.aps', 'must be an object');
  const visible = isVisible(payload);
  if (type === 'background' && visible)
    refuse('apns.pushType', 'background shows nothing: leave out what does, or make it alert');
  if (type === 'alert' && !visible)
    refuse('apns.pushType', 'alert needs a title, a body, a sound or a badge');
  // "Always use priority 5. Using priority 10 is an error."
  if (type === 'background' && priority !== 5)
    refuse(
      'apns.priority',
      'must be 5 when the push is a background one, as one that shows nothing is',
    );
  return type === 'liveactivity' ? [...faults, ...liveActivityFaults(payload)] : faults;
}

/** https://developer.apple.com/documentation/activitykit/starting-and-updating-live-activities-with-activitykit-push-notifications */
function liveActivityFaults(payload: Record<string, unknown>): Fault[] {
  const aps = objectOf(payload.aps);
  const needed: Record<string, string[]> = {
    start: ['content-state', 'attributes-type', 'attributes', 'alert'],
    update: ['content-state'],
    end: [],
  };
  const event = String(aps.event);
  if (!Object.hasOwn(needed, event))
    return [
      {
        path: 'apns.payload.aps.event',
        message: 'must be start, update or end for a live activity',
      },
    ];
  return needed[event]!.filter((name) => aps[name] === undefined).map((name) => ({
    path: `apns.payload.aps.${name}`,
    message: `is missing: a live activity's ${event} needs it`,
  }));
}
