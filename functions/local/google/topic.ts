/** Creates the topic of events and its push subscription in the Pub/Sub emulator. */

import { Unavailable } from '../../lib/errors.ts';

interface Topic {
  project: string;
  topic: string;
  pushTo: string;
}

/** https://cloud.google.com/pubsub/docs/reference/rest */
export async function createTopic(host: string, { project, topic, pushTo }: Topic): Promise<void> {
  const name = `projects/${project}/topics/${topic}`;
  await put(host, name, {});
  await put(host, `projects/${project}/subscriptions/${topic}`, {
    topic: name,
    ackDeadlineSeconds: 60,
    pushConfig: { pushEndpoint: pushTo },
    retryPolicy: { minimumBackoff: '0.1s', maximumBackoff: '60s' },
  });
}

async function put(host: string, name: string, body: object) {
  const answer = await fetch(`http://${host}/v1/${name}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Unavailable(`The Pub/Sub emulator refused ${name}: ${text}`);
}
