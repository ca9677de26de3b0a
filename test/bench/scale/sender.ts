/**
 * How an instance sends: the connections of its pool, their streams, the ramp of a message that no device
 * has accepted yet, the window of a chunk, and the CPU that a push takes. Pushes go in rounds: all that may
 * be under way, then their answers.
 */

import type { Provider } from '../../../functions/model/provider/registry.ts';
import { FIRST, GROWTH, OPEN } from '../../../functions/pipeline/send/trials.ts';
import { MAX_CONNECTIONS as APNS_CONNECTIONS } from '../../../functions/providers/apns/adapter.ts';
import { MAX_CONNECTIONS as FCM_CONNECTIONS } from '../../../functions/providers/fcm/adapter.ts';
import { MAX_WINDOW } from '../../../functions/providers/shared/window.ts';
import { figures } from './figures.ts';
import type { Instance } from './service.ts';
import type { VirtualTime } from './time.ts';

const connections = { apns: APNS_CONNECTIONS, fcm: FCM_CONNECTIONS };

/** The pushes of a chunk that are not sent yet, and who waits for them. */
interface Batch {
  left: number;
  done(): void;
}

export interface SendingInstance extends Instance {
  /** Opens the first connection. Resolves when it is there; a second call resolves immediately. */
  connect(): Promise<void>;
  /** Sends `count` pushes. Resolves when all are answered. */
  send(count: number): Promise<void>;
}

/** `pushed` hears of each round when it leaves, `accepted` when its answers are there. */
export function createSender(
  time: VirtualTime,
  instance: Instance,
  provider: Provider,
  { isConnected, pushed, accepted }: SenderOptions,
): SendingInstance {
  const { answerMs, streams, streamsAtFirst } = figures[provider];
  const cpuMs = 1_000 / figures.cpu.pushesPerSecond[provider];
  const batches: Batch[] = [];
  let connecting = isConnected ? Promise.resolve() : null;
  let open = isConnected ? 1 : 0;
  let isProven = false;
  let room = FIRST;
  let isSending = false;

  function connect() {
    connecting ??= time.sleep(figures.connectMs).then(() => {
      open = 1;
    });
    return connecting;
  }

  /** Takes as many pushes as may be under way: at most a window of each batch. */
  function take(): Batch[] {
    let rest = Math.min(room, isProven ? open * streams : streamsAtFirst);
    const taken: Batch[] = [];
    for (const batch of batches) {
      const left = Math.min(batch.left, rest, MAX_WINDOW);
      if (left > 0) taken.push({ left, done: () => answered(batch, left) });
      rest -= left;
    }
    return taken;
  }

  function answered(batch: Batch, count: number) {
    batch.left -= count;
    if (batch.left > 0) return;
    batches.splice(batches.indexOf(batch), 1);
    batch.done();
  }

  async function drain() {
    isSending = true;
    await connect();
    while (batches.length > 0) {
      const round = take();
      const count = round.reduce((sum, { left }) => sum + left, 0);
      pushed(count);
      const startedAt = time.now();
      await instance.compute(count * cpuMs);
      // the first push of the round left when it began
      await time.sleep(answerMs - Math.min(answerMs, time.now() - startedAt));
      accepted(count);
      isProven = true;
      if (room < OPEN) room += GROWTH * count;
      if (batches.length > 0) open = Math.min(open + 1, connections[provider]);
      for (const { done } of round) done();
    }
    isSending = false;
  }

  return {
    ...instance,
    connect,
    send: (count) =>
      new Promise((done) => {
        batches.push({ left: count, done });
        if (!isSending) void drain();
      }),
  };
}

export interface SenderOptions {
  isConnected: boolean;
  pushed(count: number): void;
  accepted(count: number): void;
}
