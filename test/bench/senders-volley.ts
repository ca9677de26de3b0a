/** The senders of this repository, as a worker uses them: a few chunks in parallel, each a batch. */

import type { Provider } from '../../functions/model/provider/registry.ts';
import type { Push } from '../../functions/ports/ports.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { apnsIdentity, COLLAPSE, message, PROJECT, type Setup, windowed } from './senders-work.ts';

/** recipients of a chunk, as the planner cuts them */
const CHUNK = 1000;

export interface Volley {
  /** Sends to so many tokens; how many were not accepted. */
  send(count: number, tokenAt: (i: number) => string): Promise<number>;
  close(): Promise<void>;
}

export function volley(
  provider: Provider,
  { origin, ca, key }: Setup,
  { chunksAtOnce }: { chunksAtOnce: number },
): Volley {
  const senders = createSenders(
    {
      default: {
        apns: { key, ...apnsIdentity, origins: { production: origin, sandbox: origin } },
        fcm: { projectId: PROJECT, origin, auth: { kind: 'placeholder' } },
      },
    },
    { ca },
  );
  const sender = senders.get('default', provider, 'production')!;
  const push: Push = {
    campaignId: COLLAPSE,
    message,
    expiresAt: Date.now() + 14_400_000,
    dryRun: false,
    to: 'token',
  };
  const { signal } = new AbortController();
  return {
    async send(count, tokenAt) {
      let failed = 0;
      const chunks = Array.from({ length: Math.ceil(count / CHUNK) }, (_, i) => i * CHUNK);
      await windowed(chunks, chunksAtOnce, async (from) => {
        const recipients = Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) => {
          const token = tokenAt(from + i);
          return { installationId: token.slice(0, 20), token };
        });
        await sender.send({
          push,
          seed: `bench.${count}.${from}`,
          recipients,
          open: recipients.map((_, i) => i),
          signal,
          settle: (_, outcome) => {
            if (outcome.kind !== 'accepted') failed++;
          },
        });
      });
      return failed;
    },
    close: senders.close,
  };
}
