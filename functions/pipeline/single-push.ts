/**
 * single push: the shortest way for a message to a few recipients. It is stored first, then its
 * recipients are read, so that an erasure finds the message or the message does not find the device. It
 * is then sent in this process, or queued ahead of the large ones.
 */

import { randomUUID } from 'node:crypto';
import {
  type Campaign,
  type CampaignRequest,
  type Counts,
  noCounts,
  SYSTEM,
  targetOf,
} from '../model/campaign.ts';
import type { NewChunk, SendableChunk } from '../model/chunk.ts';
import { planTask, redriveTask, sendable, sendTask, shardTask } from '../model/tasks.ts';
import { MESSAGE_LEASE_MS } from '../model/timing.ts';
import type { ClosedMessage, Ports } from '../ports/ports.ts';
import { type Accepted, accept, draft, earlier, idempotencyOf } from './accept/accept.ts';
import { leaveToSweep } from './complete.ts';
import { isHeldBack } from './control/app-pause.ts';
import { intoChunks } from './plan/chunks.ts';
import { addressed, campaignPersonalization, carriedFor } from './plan/recipients.ts';
import { turnsFor } from './plan/turns.ts';
import { type Message, sendMessage } from './send/message.ts';
import { sendChunk } from './send/send.ts';
import { freezeHere, startHere } from './send/unsettled.ts';

/** Installations: about twenty for each of a hundred users. A campaign to more is planned as usual. */
const MAX_SIZE = 2_000;
/** Bytes of a message's recipients, twice: its outcome is a document of Firestore, which holds 1 MiB. */
const MAX_BYTES = 300_000;

interface SinglePush {
  accepted: Accepted;
  /** of an accepted message: its recipients, none of which has an outcome */
  counts: Counts;
  /**
   * Resolves when each push was tried once, with the message if it is closed then. Never rejects. Null: the
   * pushes are queued, or the message is not new.
   */
  sent: Promise<ClosedMessage | null> | null;
}

/** Caps are for campaigns: a message is an answer to what its user did. */
const UNCAPPED = { uncapped: true } as const;

const queued = (accepted: Accepted, recipients = 0): SinglePush => ({
  accepted,
  counts: { ...noCounts(), recipients },
  sent: null,
});

/**
 * Accepts a request to named recipients, and begins to send it. The answers are those of `accept`; a
 * large audience, or a paused app, goes that way. Throws when the store fails, or the queue before the
 * message is stored.
 */
export async function singlePush(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string | null,
  by = SYSTEM,
): Promise<SinglePush> {
  const { campaign: drafted, faults } = await draft(ports, request);
  if (faults.length > 0) {
    const before = await earlier(ports, request, idempotencyKey);
    return queued(before ?? { kind: 'refused', faults });
  }
  if (targetOf(drafted).kind !== 'installations')
    return queued(await accept(ports, request, idempotencyKey, by, UNCAPPED));
  const { store, log, now } = ports;
  const sending = { by: randomUUID(), until: now() + MESSAGE_LEASE_MS };
  const idempotency = idempotencyOf(request, idempotencyKey);
  const created = await store.createMessage({ ...drafted, ...UNCAPPED, sending }, idempotency, by);
  if (created.kind === 'conflict') return queued(created);
  const { campaign } = created;
  if (created.kind === 'exists') {
    // the process that stored it may have died before it was sent
    await queueAgain(ports, campaign);
    return queued({ kind: 'existing', campaign });
  }
  const { id, app, name } = campaign;
  log.campaignAccepted({ campaignId: id, app, name });
  try {
    return await begin(ports, campaign);
  } catch (error) {
    // it is accepted, so the caller must not ask again; the sweep finds it
    leaveToSweep(ports, id)(error);
    return queued({ kind: 'accepted', campaign });
  }
}

/** Its planner waits until `sending` is over. */
async function queueAgain({ queue, now }: Ports, { id, state, sending }: Campaign) {
  if (state === 'accepted' && !(sending && now() < sending.until))
    await queue.create([planTask(id)]);
  if (state === 'running') await queue.create([redriveTask(id, 'asked-again')]);
}

/** Reads the recipients of a message that was stored, and begins to send to them. */
async function begin(ports: Ports, campaign: Campaign): Promise<SinglePush> {
  const { store } = ports;
  const accepted: Accepted = { kind: 'accepted', campaign };
  const personalization = campaignPersonalization(campaign);
  const target = targetOf(campaign);
  if (target.kind !== 'installations') throw new Error('a message is to installations');
  const turns = await turnsFor(ports, campaign, {});
  const [installations, standing] = await Promise.all([
    store.readNamed({
      app: campaign.app,
      audience: target.audience,
      most: MAX_SIZE,
      carried: carriedFor(personalization, { isTimed: turns !== null }),
    }),
    store.appStanding(campaign.app),
  ]);
  if (standing.paused && (await isHeldBack(ports, campaign))) return queued(accepted);
  if (!installations) return planLater(ports, campaign);
  const { targets, missing, denied } = addressed(installations, personalization, turns);
  if (targets.some(({ turn }) => turn?.heldUntil !== undefined))
    return planLater(ports, campaign, installations.length);
  const chunks = intoChunks({
    campaign: { ...campaign, shards: 1 },
    shard: { index: 0 },
    begin: campaign.createdAt,
    page: 0,
    before: 0,
    targets,
    quiet: turns?.quiet,
    most: ports.chunkSize,
    now: ports.now(),
  });
  const message: Message = { campaign, chunks, missing, denied, wanted: standing.wanted };
  const send = (stop: AbortSignal) =>
    sendMessage(ports, message, stop).catch(leftToSweep(ports, campaign));
  // without a recipient it only has to be closed
  const sent =
    chunks.length === 0
      ? send(new AbortController().signal)
      : isSmall(chunks)
        ? ports.inline?.run(send)
        : null;
  if (!sent) await queueChunks(ports, message);
  return {
    accepted,
    counts: { ...noCounts(), recipients: installations.length },
    sent: sent ?? null,
  };
}

/** Leaves the message to a planner: to too many, or to some where it is quiet now. */
async function planLater(
  ports: Ports,
  campaign: Campaign,
  recipients?: number,
): Promise<SinglePush> {
  if (await startHere(ports, campaign)) await ports.queue.create([shardTask(campaign.id, 0)]);
  return queued({ kind: 'accepted', campaign }, recipients);
}

const leftToSweep =
  (ports: Ports, { id }: Campaign) =>
  (error: unknown) => {
    leaveToSweep(ports, id)(error);
    return null;
  };

/**
 * Whether its outcome fits in one document, and nothing has to be counted before it is sent: badges that
 * count up are stored with the chunk.
 */
function isSmall(chunks: NewChunk[]): boolean {
  let bytes = 0;
  for (const { recipients } of chunks)
    for (const it of recipients) {
      if (it.badge !== undefined) return false;
      bytes += Buffer.byteLength(JSON.stringify(it)) + 200;
    }
  return bytes <= MAX_BYTES;
}

/** Freezes the chunks, and sends them as any others: here where it can be, or by the queue. */
async function queueChunks(ports: Ports, message: Message) {
  if (!(await startHere(ports, message.campaign))) return;
  if (!(await freezeHere(ports, message))) return;
  const left = message.chunks.map(sendable).filter((it) => !sendHere(ports, it));
  await ports.queue.create(left.map((it) => sendTask(it, 'first')));
}

/** Sends a chunk that is stored in this process, after the request. Queues it if that fails. */
function sendHere({ inline, queue, log, ...ports }: Ports, chunk: SendableChunk): boolean {
  if (!inline?.outlivesRequests) return false;
  const sent = inline.run((stop) => sendChunk({ queue, log, ...ports }, chunk, stop));
  sent
    ?.catch((error) => {
      // the first task of this chunk: it was not queued before
      const task = sendTask(chunk, 'first');
      log.taskFailed({ task: task.name, attempt: 0, error });
      return queue.create([task]);
    })
    // the sweep finds the chunk
    .catch((error) => log.unexpected({ where: 'inline send', error }));
  return sent !== null;
}
