/**
 * single push: the shortest way for a campaign to a few recipients. They are read first, so that the
 * campaign is stored, started and frozen in one write. It is then sent in this process, or queued ahead
 * of the large ones. From there on it is a campaign like any other.
 */

import { BUCKETS } from '../model/bucket.ts';
import { type Campaign, type CampaignRequest, SYSTEM, targetOf } from '../model/campaign.ts';
import type { SendableChunk } from '../model/chunk.ts';
import type { Carried } from '../model/installation.ts';
import { redriveTask, sendable, sendTask, startTasks } from '../model/tasks.ts';
import type { AudiencePage, Ports } from '../ports/ports.ts';
import { type Accepted, accept, draft, earlier, idempotencyOf } from './accept/accept.ts';
import { pagesOf } from './audience/pages.ts';
import { announce, leaveToSweep } from './complete.ts';
import { intoChunks } from './plan/chunks.ts';
import { addressed, campaignPersonalization, carriedFor } from './plan/recipients.ts';

/** Installations: about twenty for each of a hundred users. A campaign to more is planned as usual. */
const MAX_SIZE = 2_000;
/** The sweep queues its chunks again after this time: none waits for a slot, so their process has died. */
const LOST_AFTER_MS = 60 * 1000;

/**
 * `sent` resolves when each push was tried once; null: the pushes are queued, or there is nothing to
 * send.
 */
type SinglePush = { accepted: Accepted; sent: Promise<unknown> | null };

/**
 * Accepts a request to named recipients, and begins to send it. The answers are those of `accept`; a
 * large audience, or a paused app, goes that way. Throws when the store or the queue fails.
 */
export async function singlePush(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string | null,
  by = SYSTEM,
): Promise<SinglePush> {
  const { campaign, faults } = await draft(ports, request);
  if (faults.length > 0) {
    const before = await earlier(ports, request, idempotencyKey);
    return { accepted: before ?? { kind: 'refused', faults }, sent: null };
  }
  const personalization = campaignPersonalization(campaign);
  const [read, appPause] = await Promise.all([
    readWhole(ports, campaign, carriedFor(personalization)),
    ports.store.getAppPause(campaign.app),
  ]);
  // a paused app's campaign is accepted, and held back by its plan
  if (!read || appPause)
    return { accepted: await accept(ports, request, idempotencyKey, by), sent: null };

  const { store, log } = ports;
  const now = campaign.createdAt;
  const dueAt = now + LOST_AFTER_MS;
  const { targets, missing, denied } = addressed(read.installations, personalization);
  const { id, app, name } = campaign;
  const planned = intoChunks({ ...campaign, shards: 1 }, { index: 0 }, 0, 0, targets, now);
  const chunks = planned.map((chunk) => ({ ...chunk, dueAt }));
  const created = await store.createStarted(
    campaign,
    idempotencyOf(request, idempotencyKey),
    {
      campaignId: id,
      shard: 0,
      page: 0,
      chunks,
      skipped: 0,
      cursor: read.cursor,
      last: true,
      dueAt,
      now,
      missing,
      denied,
    },
    by,
  );
  if (created.kind === 'conflict') return { accepted: created, sent: null };
  if (created.kind === 'exists') {
    // the process that stored it may have died before it was sent
    await queueAgain(ports, created.campaign);
    return { accepted: { kind: 'existing', campaign: created.campaign }, sent: null };
  }
  log.campaignAccepted({ campaignId: id, app, name });
  // no installation matches: the campaign is closed already
  if (chunks.length === 0) await announce(ports, id).catch(leaveToSweep(ports, id));
  const begun = await send(ports, chunks.map(sendable));
  return { accepted: { kind: 'accepted', campaign }, ...begun };
}

async function queueAgain({ queue, now }: Ports, campaign: Campaign) {
  const { id, state } = campaign;
  if (state === 'accepted') await queue.create(startTasks(campaign, now()));
  if (state === 'running') await queue.create([redriveTask(id, 'asked-again')]);
}

/**
 * Sends the chunks here, or queues those for which there is no room. `sent` is in an object, so that
 * `await` does not wait for it.
 */
async function send(
  { queue, sendNow }: Ports,
  chunks: SendableChunk[],
): Promise<Pick<SinglePush, 'sent'>> {
  const begun = chunks.map((it) => ({ it, sent: sendNow?.(it) ?? null }));
  const left = begun.filter(({ sent }) => sent === null);
  // if this throws, the sweep finds the chunks
  if (left.length > 0) await queue.create(left.map(({ it }) => sendTask(it, 'first')));
  return { sent: left.length > 0 ? null : Promise.all(begun.map(({ sent }) => sent)) };
}

/** The whole audience as one page; null: it is no audience of installations, or more than a page. */
async function readWhole(
  { store }: Ports,
  campaign: Campaign,
  carried: readonly Carried[] | undefined,
) {
  const target = targetOf(campaign);
  if (target.kind !== 'installations') return null;
  const range = { from: 0, to: BUCKETS };
  const read = { app: campaign.app, range, after: null, size: MAX_SIZE, carried };
  const whole: AudiencePage = { installations: [], cursor: { bucket: BUCKETS, id: '' } };
  for await (const page of pagesOf(store, target, read)) {
    whole.installations.push(...page.installations);
    if (whole.installations.length >= MAX_SIZE) return null;
  }
  return whole;
}
