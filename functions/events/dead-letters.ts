/**
 * Dead letters of Pub/Sub: pulled, published again, acknowledged.
 *
 * The library is imported by the first call, since it takes 200 ms: only people call this.
 * https://cloud.google.com/pubsub/docs/dead-letter-topics
 */

import type { v1 } from '@google-cloud/pubsub';
import { type DeadLetter, type DeadLetters, MAX_DEAD_LETTERS } from '../ports/ports.ts';

export interface DeadLettersOptions {
  project: string;
  /** where events are published, by its id */
  topic: string;
  /** where the dead ones wait, by its id */
  subscription: string;
  /** host:port: plain gRPC, without credentials */
  emulatorHost?: string | undefined;
  /** ms, for durations */
  now?: () => number;
}

/** Pub/Sub holds an empty pull open; when it has told nothing for so long, there is nothing. */
const PULL_MS = 2_000;
const CALL_MS = 5_000;
/** Redriving stops after this: acknowledgement ids live 60 s, the command line waits 30 s. */
const REDRIVE_MS = 15_000;
const DEADLINE_EXCEEDED = 4;

/** What Pub/Sub adds to a dead letter: they tell of its last journey, not of the event. */
const ADDED = 'CloudPubSubDeadLetter';
const COUNT = `${ADDED}SourceDeliveryCount`;

interface Pulled {
  ackId: string;
  data: Buffer;
  letter: DeadLetter;
}

export function createPubSubDeadLetters({
  project,
  topic,
  subscription: id,
  emulatorHost,
  now = () => performance.now(),
}: DeadLettersOptions): DeadLetters & { close(): Promise<void> } {
  const subscription = `projects/${project}/subscriptions/${id}`;
  let clients: Promise<Clients> | undefined;
  const connected = () => {
    clients ??= connect(project, emulatorHost);
    return clients;
  };

  /** Up to a hundred, oldest first. Pub/Sub gives no other order, and seldom all at once. */
  async function pull({ subscriber }: Clients): Promise<Pulled[]> {
    const found: Pulled[] = [];
    try {
      while (found.length < MAX_DEAD_LETTERS) {
        const request = { subscription, maxMessages: MAX_DEAD_LETTERS - found.length };
        const [{ receivedMessages }] = await subscriber.pull(request, once(PULL_MS));
        if (!receivedMessages?.length) break;
        found.push(...receivedMessages.map(pulledOf));
      }
    } catch (error) {
      if ((error as { code?: number }).code !== DEADLINE_EXCEEDED) {
        await giveBack(subscriber, found);
        throw error;
      }
    }
    return found.sort((a, b) => a.letter.deadAt - b.letter.deadAt);
  }

  /** They can be pulled again at once; where this fails, when their 60 s are over. */
  async function giveBack(subscriber: v1.SubscriberClient, pulled: Pulled[]) {
    if (pulled.length === 0) return;
    const ackIds = pulled.map((it) => it.ackId);
    const request = { subscription, ackIds, ackDeadlineSeconds: 0 };
    await subscriber.modifyAckDeadline(request, once(CALL_MS)).catch(() => {});
  }

  return {
    async list() {
      const connection = await connected();
      const pulled = await pull(connection);
      await giveBack(connection.subscriber, pulled);
      return pulled.map((it) => it.letter);
    },

    async redrive() {
      const connection = await connected();
      const { subscriber, publisher } = connection;
      const left = await pull(connection);
      const end = now() + REDRIVE_MS;
      let redriven = 0;
      try {
        for (let it = left[0]; it && now() < end; it = left[0]) {
          const messages = [{ data: it.data, attributes: it.letter.attributes }];
          const name = `projects/${project}/topics/${topic}`;
          await publisher.publish({ topic: name, messages }, once(CALL_MS));
          // DANGER: never before it is published. Whoever dies here publishes it twice, and its
          // subscribers know it by its id.
          await subscriber.acknowledge({ subscription, ackIds: [it.ackId] }, once(CALL_MS));
          left.shift();
          redriven++;
        }
      } finally {
        await giveBack(subscriber, left);
      }
      return redriven;
    },

    async close() {
      const made = await clients?.catch(() => null);
      await Promise.all([made?.subscriber.close(), made?.publisher.close()]);
    },
  };
}

/** One attempt: the caller may try again, and our deadlines are those of a person who waits. */
const once = (timeout: number) => ({ timeout, retry: null });

interface Clients {
  subscriber: v1.SubscriberClient;
  publisher: v1.PublisherClient;
}

async function connect(project: string, emulatorHost: string | undefined): Promise<Clients> {
  const [{ v1 }, { credentials }] = await Promise.all([
    import('@google-cloud/pubsub'),
    import('@grpc/grpc-js'),
  ]);
  const [host, port] = emulatorHost?.split(/:(?=\d+$)/) ?? [];
  const options = {
    projectId: project,
    ...(host && {
      apiEndpoint: host,
      servicePath: host,
      port: Number(port),
      sslCreds: credentials.createInsecure(),
    }),
  };
  return {
    subscriber: new v1.SubscriberClient(options),
    publisher: new v1.PublisherClient(options),
  };
}

function pulledOf({
  ackId,
  message,
}: {
  ackId?: string | null;
  message?: {
    messageId?: string | null;
    data?: Uint8Array | string | null;
    attributes?: Record<string, string> | null;
    publishTime?: { seconds?: unknown; nanos?: number | null } | null;
  } | null;
}): Pulled {
  const { messageId, publishTime, attributes: all = {} } = message ?? {};
  // gRPC gives bytes; a text would be base64
  const data = Buffer.from((message?.data ?? '') as string, 'base64');
  const attributes = Object.fromEntries(
    Object.entries(all ?? {}).filter(([name]) => !name.startsWith(ADDED)),
  );
  const attempts = Number(all?.[COUNT]);
  return {
    ackId: ackId!,
    data,
    letter: {
      id: messageId!,
      deadAt: Math.floor(
        Number(publishTime?.seconds ?? 0) * 1000 + (publishTime?.nanos ?? 0) / 1e6,
      ),
      attempts: Number.isSafeInteger(attempts) && attempts > 0 ? attempts : null,
      attributes,
      data: data.toString(),
    },
  };
}
