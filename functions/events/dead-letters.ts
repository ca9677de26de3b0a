/**
 * Dead letters of Pub/Sub: pulls them, publishes them again, acknowledges them.
 *
 * The first call imports the library, which takes 200 ms; only people make such calls.
 * https://cloud.google.com/pubsub/docs/dead-letter-topics
 */

import type { v1 } from '@google-cloud/pubsub';
import {
  type DeadLetter,
  type DeadLetters,
  MAX_DEAD_LETTERS,
  type Redriven,
} from '../ports/ports.ts';

interface DeadLettersOptions {
  project: string;
  /** id of the topic that events are published to */
  topic: string;
  /** id of the subscription that holds the dead letters */
  subscription: string;
  /** host:port of an emulator, which takes plain gRPC without credentials */
  emulatorHost?: string | undefined;
  /** ms, for durations */
  now?: () => number;
}

/** Pub/Sub holds an empty pull open. After this time without a message, there is none. */
const PULL_MS = 2_000;
const CALL_MS = 5_000;
/** Redriving stops after this time: acknowledgement ids live for 60 s, and the command line waits 30 s. */
const REDRIVE_MS = 15_000;
/** Pulling stops after this time: letters may come one by one, and the first ids live 60 s from then. */
const PULL_ALL_MS = 8_000;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;

/** Prefix of the attributes that Pub/Sub adds to a dead letter. They are not of the event. */
const ADDED = 'CloudPubSubDeadLetter';
const COUNT = `${ADDED}SourceDeliveryCount`;

interface Pulled {
  ackId: string;
  data: Buffer;
  letter: DeadLetter;
}

/** The clients are made by the first call. Each verb throws what Pub/Sub's client throws. */
export function createPubSubDeadLetters({
  project,
  topic,
  subscription: id,
  emulatorHost,
  now = () => performance.now(),
}: DeadLettersOptions): DeadLetters & { close(): Promise<void> } {
  const names = {
    subscription: `projects/${project}/subscriptions/${id}`,
    topic: `projects/${project}/topics/${topic}`,
  };
  let clients: Promise<Clients> | undefined;
  const connected = () => {
    clients ??= connect(project, emulatorHost);
    return clients;
  };

  return {
    async list() {
      const { subscriber } = await connected();
      const pulled = await pull(subscriber, names.subscription, now);
      await giveBack(subscriber, names.subscription, pulled);
      return pulled.map((it) => it.letter);
    },

    redrive: async () => redrive(await connected(), names, now),

    async close() {
      const made = await clients?.catch(() => null);
      await Promise.all([made?.subscriber.close(), made?.publisher.close()]);
    },
  };
}

/** Pulls up to a hundred, oldest first. Pub/Sub gives them in any order, and seldom in one answer. */
async function pull(
  subscriber: v1.SubscriberClient,
  subscription: string,
  now: () => number,
): Promise<Pulled[]> {
  const found: Pulled[] = [];
  const end = now() + PULL_ALL_MS;
  try {
    while (found.length < MAX_DEAD_LETTERS && now() < end) {
      const request = { subscription, maxMessages: MAX_DEAD_LETTERS - found.length };
      const [{ receivedMessages }] = await subscriber.pull(request, once(PULL_MS));
      if (!receivedMessages?.length) break;
      found.push(...receivedMessages.map(pulledOf));
    }
  } catch (error) {
    if ((error as { code?: number }).code !== DEADLINE_EXCEEDED) {
      await giveBack(subscriber, subscription, found);
      throw error;
    }
  }
  return found.sort((a, b) => a.letter.deadAt - b.letter.deadAt);
}

/** Lets them be pulled again immediately; if this call fails, after their 60 s. */
async function giveBack(subscriber: v1.SubscriberClient, subscription: string, pulled: Pulled[]) {
  if (pulled.length === 0) return;
  const ackIds = pulled.map((it) => it.ackId);
  const request = { subscription, ackIds, ackDeadlineSeconds: 0 };
  await subscriber.modifyAckDeadline(request, once(CALL_MS)).catch(() => {});
}

/** Why the topic refuses this one message; null: it is published. */
async function publish(publisher: v1.PublisherClient, topic: string, { data, letter }: Pulled) {
  const messages = [{ data, attributes: letter.attributes }];
  try {
    await publisher.publish({ topic, messages }, once(CALL_MS));
    return null;
  } catch (error) {
    const { code, details } = error as { code?: number; details?: string };
    if (code !== INVALID_ARGUMENT) throw error;
    return details || 'the topic does not take it';
  }
}

/** Publishes dead letters again, and acknowledges those that are published. */
async function redrive(
  { subscriber, publisher }: Clients,
  { subscription, topic }: { subscription: string; topic: string },
  now: () => number,
): Promise<Redriven> {
  const left = await pull(subscriber, subscription, now);
  const kept: Pulled[] = [];
  const done: Redriven = { redriven: 0, refused: [] };
  const end = now() + REDRIVE_MS;
  try {
    for (let it = left[0]; it && now() < end; it = left[0]) {
      const reason = await publish(publisher, topic, it);
      if (reason === null) {
        // DANGER: acknowledge only what is published, or a crash here would lose it. Now a crash
        // publishes it twice, and subscribers recognise the event by its id.
        await subscriber.acknowledge({ subscription, ackIds: [it.ackId] }, once(CALL_MS));
        done.redriven++;
      } else {
        // it must not keep those behind it from being published
        kept.push(it);
        done.refused.push({ id: it.letter.id, reason });
      }
      left.shift();
    }
  } finally {
    await giveBack(subscriber, subscription, [...left, ...kept]);
  }
  return done;
}

/** One attempt without the library's retries: a person waits, and may try again. */
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
  // gRPC gives bytes; if it is a text, it is base64
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
