/**
 * Events through Pub/Sub: published by its REST API, received by a push subscription.
 *
 * REST by `fetch`, and not `@google-cloud/pubsub`: importing that takes 180 ms and 54 MB (its
 * generated client alone, `v1.PublisherClient`, 141 ms and 45 MB), google-auth-library 45 ms and
 * 23 MB. Where the clients of Firestore and Cloud Tasks are loaded already: 68 ms and 9 MB, 20 ms
 * and 4 MB, 1 ms and nothing. A few messages a campaign need no batching, the library's strength.
 * https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */

import { type Backoff, fullJitter } from '../lib/backoff.ts';
import { withDeadline } from '../lib/deadline.ts';
import { Unavailable } from '../lib/errors.ts';
import { retry } from '../lib/retry.ts';
import { type CampaignEvent, toCloudEvent } from '../model/event.ts';
import type { Events } from '../ports/ports.ts';

export interface PubSubOptions {
  project: string;
  /** its id, without the project */
  topic: string;
  /** host:port: plain HTTP and nobody to prove oneself to */
  emulatorHost?: string | undefined;
  random?: () => number;
  /** an access token that may publish; the library's, of this function's account, without it */
  accessToken?: () => Promise<string>;
}

/** The task that closes a campaign waits for it; what is not out by then the sweep announces. */
const DEADLINE_MS = 15_000;
/** A connection that died while the CPU was frozen answers nothing: the next try opens another. */
const TRY_MS = 4_000;
const BACKOFF: Backoff = { baseMs: 200, capMs: 3_000 };
const SCOPE = 'https://www.googleapis.com/auth/pubsub';

/** https://cloud.google.com/pubsub/docs/reference/error-codes */
const passes = (status: number) => status === 408 || status === 429 || status >= 500;

export function createPubSubEvents({
  project,
  topic,
  emulatorHost,
  random = Math.random,
  accessToken = emulatorHost ? undefined : googleAccessToken(SCOPE),
}: PubSubOptions): Events {
  const origin = emulatorHost ? `http://${emulatorHost}` : 'https://pubsub.googleapis.com';
  const url = `${origin}/v1/projects/${project}/topics/${topic}:publish`;

  /** Throws `Refused` when another try would end the same way. */
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

/** The topic is not there, or this account may not publish to it. */
class Refused extends Error {
  override name = 'Refused';
}

/** The library finds the account's credentials and keeps a token until it expires. */
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
    // a subscription can filter by attributes, not by data
    attributes: { 'content-type': 'application/cloudevents+json', id, type },
  };
}
