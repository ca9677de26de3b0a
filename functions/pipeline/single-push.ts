/**
 * single push: a campaign to a few, on the shortest way. Its recipients are read first, so that it is
 * stored, started and frozen in one write; then it is sent here, or queued ahead of the large ones. From
 * there on it is a campaign like any other.
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
import { addressed, intoChunks, wordingFor } from './plan/plan.ts';

/** Installations: of a hundred users, some twenty each. More of them go the way of a campaign. */
const MAX_SIZE = 2_000;
/** Nothing of it waits for a slot: what was not begun by then has lost its process. */
const LOST_AFTER_MS = 60 * 1000;

/** `sent` resolves when all of it was tried once, if it is sent here. */
export type Messaged = { accepted: Accepted; sent: Promise<unknown> | null };

export async function message(
  ports: Ports,
  request: CampaignRequest,
  idempotencyKey: string | null,
  by = SYSTEM,
): Promise<Messaged> {
  const { campaign, faults } = await draft(ports, request);
  if (faults.length > 0) {
    const before = await earlier(ports, request, idempotencyKey);
    return { accepted: before ?? { kind: 'refused', faults }, sent: null };
  }
  const wording = wordingFor(campaign);
  const [read, off] = await Promise.all([
    readWhole(ports, campaign, wording?.carried),
    ports.store.getAppPause(campaign.app),
  ]);
  // where its app is switched off, its plan holds it back
  if (!read || off)
    return { accepted: await accept(ports, request, idempotencyKey, by), sent: null };

  const { store, log } = ports;
  const now = campaign.createdAt;
  const dueAt = now + LOST_AFTER_MS;
  const { targets, missing } = addressed(read.installations, wording);
  const { id, app, name } = campaign;
  const chunks = intoChunks({ ...campaign, shards: 1 }, { index: 0 }, 0, 0, targets, now).map(
    (it) => ({
      ...it,
      dueAt,
    }),
  );
  const created = await store.createStarted(
    campaign,
    idempotencyOf(request, idempotencyKey),
    {
      ...{ campaignId: id, shard: 0, page: 0, chunks, skipped: 0, cursor: read.cursor, last: true },
      ...{ dueAt, now, missing },
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
  // no device has it installed: it is over
  if (chunks.length === 0) await announce(ports, id).catch(leaveToSweep(ports, id));
  const begun = await send(ports, chunks.map(sendable));
  return { accepted: { kind: 'accepted', campaign }, ...begun };
}

async function queueAgain({ queue, now }: Ports, campaign: Campaign) {
  const { id, state } = campaign;
  if (state === 'accepted') await queue.create(startTasks(campaign, now()));
  if (state === 'running') await queue.create([redriveTask(id, 'asked-again')]);
}

/** In an object, since it is not to be waited for here. */
async function send(
  { queue, sendNow }: Ports,
  chunks: SendableChunk[],
): Promise<Pick<Messaged, 'sent'>> {
  const begun = chunks.map((it) => ({ it, sent: sendNow?.(it) ?? null }));
  const left = begun.filter(({ sent }) => sent === null);
  // the sweep finds what could not be queued
  if (left.length > 0) await queue.create(left.map(({ it }) => sendTask(it, 'first')));
  return { sent: left.length > 0 ? null : Promise.all(begun.map(({ sent }) => sent)) };
}

/** All of an audience; null: it is more than a page. */
async function readWhole(
  { store }: Ports,
  campaign: Campaign,
  carried: readonly Carried[] | undefined,
) {
  const target = targetOf(campaign);
  if (target.kind !== 'installations') return null;
  const all = { from: 0, to: BUCKETS };
  const whole: AudiencePage = { installations: [], cursor: { bucket: BUCKETS, id: '' } };
  for await (const page of pagesOf(store, campaign.app, target, all, null, MAX_SIZE, carried)) {
    whole.installations.push(...page.installations);
    if (whole.installations.length >= MAX_SIZE) return null;
  }
  return whole;
}
