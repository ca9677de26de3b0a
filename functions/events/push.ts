/**
 * Receives what Pub/Sub pushes to us: an event in an envelope, or something that is no event of ours.
 * https://cloud.google.com/pubsub/docs/push#receive_push
 */

import { type CampaignEvent, isEventType } from '../model/event.ts';
import type { Log } from '../ports/ports.ts';

/** The event, or the fault of the message. The fault does not quote the message. */
function readPush(envelope: unknown): CampaignEvent | { fault: string } {
  const message = isRecord(envelope) ? envelope.message : undefined;
  if (!isRecord(message)) return { fault: 'the body is not the envelope of a Pub/Sub push' };
  const { messageId, data } = message;
  const name = `message ${typeof messageId === 'string' ? messageId.slice(0, 40) : 'without an id'}`;
  if (typeof data !== 'string') return { fault: `${name}: no data` };
  const event = json(Buffer.from(data, 'base64').toString());
  if (!isRecord(event)) return { fault: `${name}: the data is not a JSON object` };
  const { specversion, id, type, subject, time, app = null, data: about } = event;
  if (specversion !== '1.0') return { fault: `${name}: the data is not a CloudEvent 1.0` };
  if (!isEventType(type)) return { fault: `${name}: this version does not know the type` };
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (!isText(id) || !isText(subject) || Number.isNaN(at))
    return { fault: `${name}: id, subject or time is missing or invalid` };
  if ((app !== null && typeof app !== 'string') || !isRecord(about))
    return { fault: `${name}: app or data is missing or invalid` };
  return { id, type, subject, app, at, data: about };
}

const isRecord = (it: unknown): it is Record<string, unknown> =>
  typeof it === 'object' && it !== null && !Array.isArray(it);

const isText = (it: unknown): it is string =>
  typeof it === 'string' && it.length > 0 && it.length <= 1024;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Gives the event to `hear`, and returns the status to answer with. Never rejects. Pub/Sub delivers a
 * message again unless the status is 2xx, and moves it to the dead-letter topic after twenty attempts
 * (set in `infra/`). Messages that cannot be read get 422 for that reason: 204 would lose an event that
 * a newer version published just before it was rolled back. A person can look at dead letters and
 * publish them again.
 */
export async function receivePush(
  envelope: unknown,
  hear: (event: CampaignEvent) => Promise<void>,
  log: Pick<Log, 'callRefused' | 'taskFailed'>,
): Promise<204 | 422 | 500> {
  const event = readPush(envelope);
  if ('fault' in event) {
    log.callRefused({ where: 'event', reason: event.fault });
    return 422;
  }
  try {
    await hear(event);
    return 204;
  } catch (error) {
    log.taskFailed({ task: `event ${event.id}`, attempt: attemptOf(envelope), error });
    return 500;
  }
}

/** The number of the attempt, from 0. Pub/Sub counts only if there is a dead-letter topic. */
function attemptOf(envelope: unknown): number {
  const counted = (envelope as { deliveryAttempt?: unknown }).deliveryAttempt;
  return typeof counted === 'number' ? counted - 1 : 0;
}
