/**
 * Events through Pub/Sub: published by its REST API, received by a push subscription.
 *
 * Not by `@google-cloud/pubsub`: to import it takes 180 ms and 54 MB, and its generated client alone
 * (`v1.PublisherClient`) 141 ms and 45 MB. google-auth-library takes 45 ms and 23 MB. If the clients of
 * Firestore and Cloud Tasks are loaded already, it is 68 ms and 9 MB, 20 ms and 4 MB, 1 ms and nothing.
 * The library's strength is batching, and a campaign publishes only a few messages.
 * https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */

import { type Backoff, fullJitter } from '../lib/backoff.ts';
import { withDeadline } from '../lib/deadline.ts';
import { Unavailable } from '../lib/errors.ts';
import { retry } from '../lib/retry.ts';
import { type CampaignEvent, toCloudEvent } from '../model/event.ts';
import type { Events } from '../ports/ports.ts';

interface PubSubOptions {
  project: string;
  /** the topic's id, without the project */
  topic: string;
  /** host:port of an emulator, which takes plain HTTP without credentials */
  emulatorHost?: string | undefined;
  random?: () => number;
  /** gives an access token that may publish; by default one of this function's service account */
  accessToken?: () => Promise<string>;
}

/** Longest time to publish an event. The task that closes a campaign waits; later the sweep publishes it. */
const DEADLINE_MS = 15_000;
/** Longest time of one attempt. A connection that died while the CPU was frozen never answers. */
const TRY_MS = 4_000;
const BACKOFF: Backoff = { baseMs: 200, capMs: 3_000 };
const SCOPE = 'https://www.googleapis.com/auth/pubsub';

/** Whether another attempt may succeed. https://cloud.google.com/pubsub/docs/reference/error-codes */
const passes = (status: number) => status === 408 || status === 429 || status >= 500;

/** Publishing throws `Unavailable` after 15 s, and an error with Pub/Sub's reason if it is refused. */
export function createPubSubEvents({
  project,
  topic,
  emulatorHost,
  random = Math.random,
  accessToken = emulatorHost ? undefined : googleAccessToken(SCOPE),
}: PubSubOptions): Events {
  const origin = emulatorHost ? `http://${emulatorHost}` : 'https://pubsub.googleapis.com';
  const url = `${origin}/v1/projects/${project}/topics/${topic}:publish`;

  /** Throws `Refused` if another attempt would end the same way. */
  async function attempt(body: string, signal: AbortSignal): Promise<void> {
    const token = accessToken && (await withDeadline(accessToken(), TRY_MS, 'an access token'));
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]),
    });
    const text = await response.text();
    if (response.ok) return;
    const said = `${response.status} ${text.slice(0, 300)}`;
    if (passes(response.status)) throw new Unavailable(`Pub/Sub answered ${said}`);
    throw new Refused(`Pub/Sub does not let us publish to the topic ${topic}: ${said}`);
  }

  return {
    isTopic: true,

    async publish(event) {
      const body = JSON.stringify({ messages: [messageOf(event)] });
      const deadline = AbortSignal.timeout(DEADLINE_MS);
      const next = (error: unknown, tries: number) =>
        error instanceof Refused ? null : fullJitter(BACKOFF, tries - 1, random);
      try {
        await retry(() => attempt(body, deadline), { next, signal: deadline });
      } catch (cause) {
        if (cause instanceof Refused) throw cause;
        const message = `Pub/Sub did not take ${event.id} within ${DEADLINE_MS} ms`;
        throw new Unavailable(message, { cause });
      }
    },
  };
}

/** The topic does not exist, or this account may not publish to it. */
class Refused extends Error {
  override name = 'Refused';
}

/** The library finds the account's credentials, and caches a token until it expires. */
export function googleAccessToken(scope: string): () => Promise<string> {
  let auth: Promise<{ getAccessToken(): Promise<string | null | undefined> }> | undefined;
  return async () => {
    auth ??= import('google-auth-library').then((it) => new it.GoogleAuth({ scopes: [scope] }));
    const token = await (await auth).getAccessToken();
    if (!token) throw new Unavailable('there are no Google credentials');
    return token;
  };
}

/**
 * A CloudEvent in structured mode, so that other subscribers of the topic can read it.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/google-cloud-pubsub-protocol-binding.md
 */
function messageOf(event: CampaignEvent) {
  const { id, type } = event;
  return {
    data: Buffer.from(JSON.stringify(toCloudEvent(event))).toString('base64'),
    // subscriptions can filter by attributes, but not by data
    attributes: { 'content-type': 'application/cloudevents+json', id, type },
  };
}
