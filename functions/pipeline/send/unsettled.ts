/**
 * unsettled: a message whose recipients do not all have an outcome after its first attempt, or that was
 * not tried. It goes on as a campaign with one shard and one page, which is sent by tasks.
 */

import { BUCKETS } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Chunk, ChunkCommit, NewChunk } from '../../model/chunk.ts';
import type { Provider } from '../../model/provider/registry.ts';
import { sendable, sendTask, whyAgain } from '../../model/tasks.ts';
import { LOST_AFTER_MS } from '../../model/timing.ts';
import type { Ports } from '../../ports/ports.ts';
import { announce } from '../complete.ts';
import { pause } from '../control/control.ts';
import { newLease } from './record.ts';

export interface Unsettled {
  campaign: Campaign;
  chunks: NewChunk[];
  missing: Record<string, number> | undefined;
  denied: number;
  /** of each chunk, in their order: what was learnt, and when the rest may be sent, in ms */
  tried: { commit: ChunkCommit; next: number }[];
  firstPushAt: number | null;
  acceptedBy: Provider[];
  /** why the campaign is paused */
  pause: string | null;
}

/**
 * Starts the campaign, freezes its page, commits what was learnt, and queues the rest. Does nothing if
 * another process has begun it. Throws when the store or the queue fails; the sweep then finds the rest.
 */
export async function sendLater(ports: Ports, it: Unsettled): Promise<void> {
  const { store, log } = ports;
  const { id } = it.campaign;
  const resting = await startHere(ports, it.campaign);
  if (!resting || !(await freezeHere(ports, it)))
    return log.chunkFenced({ chunkId: `${id}.0.0.0` });
  const at = it.firstPushAt;
  if (at !== null) await store.notePush(id, at);
  for (const provider of it.acceptedBy) await store.notePush(id, at ?? ports.now(), provider);
  const open = await commitAll(ports, it);
  const why = it.pause ?? resting.why;
  if (why !== null) await pause(ports, id, why);
  else
    await ports.queue.create(
      open.map(({ chunk, next }) => sendTask(sendable(chunk), whyAgain(1), next)),
    );
}

/**
 * Starts the campaign with one shard. Null: another process has. `why`: the reason of the pause that it
 * was in.
 */
export async function startHere(
  { store, now }: Ports,
  { id, sending }: Campaign,
): Promise<{ why: string | null } | null> {
  const shards = [{ from: 0, to: BUCKETS }];
  const start = () => store.startCampaign({ id, shards, dueAt: now() + LOST_AFTER_MS, at: now() });
  if (await start()) return { why: null };
  // paused while it was sent: what was learnt is kept, and the pause too
  const found = await store.getCampaign(id);
  if (found?.state !== 'paused' || found.sending?.by !== sending?.by) return null;
  await store.moveCampaign({ id, from: ['paused'], to: 'accepted', reason: null, at: now() });
  return (await start()) ? { why: found.reason ?? 'paused' } : null;
}

/** False: another process has frozen the page. */
export async function freezeHere(
  { store, now }: Ports,
  {
    campaign,
    chunks,
    missing,
    denied,
  }: Pick<Unsettled, 'campaign' | 'chunks' | 'missing' | 'denied'>,
): Promise<boolean> {
  const frozen = await store.freezePage({
    campaignId: campaign.id,
    shard: 0,
    page: 0,
    chunks,
    skipped: 0,
    cursor: null,
    last: true,
    dueAt: now() + LOST_AFTER_MS,
    now: now(),
    missing,
    denied,
  });
  return frozen.kind === 'frozen';
}

/** Commits what was learnt of each chunk; gives those with open recipients. */
async function commitAll(
  ports: Ports,
  { chunks, tried }: Unsettled,
): Promise<{ chunk: Chunk; next: number }[]> {
  const { store, now } = ports;
  const open: { chunk: Chunk; next: number }[] = [];
  for (const [i, { commit, next }] of tried.entries()) {
    const sent = chunks[i]!;
    const lease = newLease(now());
    const claim = await store.claimChunk(sent.id, lease, now());
    // recipients that were erased meanwhile were not frozen
    if (claim.kind !== 'claimed') continue;
    const known = asFrozen(commit, sent, claim.chunk);
    const committed = await store.commitChunk({ ...known, leaseId: lease.id });
    if (committed.kind === 'committed' && committed.campaignClosed)
      await announce(ports, sent.campaignId);
    if (known.open.length > 0) open.push({ chunk: claim.chunk, next });
  }
  return open;
}

/** The commit with the indices that the recipients have in the chunk as it was frozen. */
function asFrozen(commit: ChunkCommit, sent: NewChunk, { recipients }: Chunk): ChunkCommit {
  if (recipients.length === sent.recipients.length) return commit;
  const places = new Map(recipients.map((it, index) => [it.installationId, index]));
  const placeOf = (index: number) => places.get(sent.recipients[index]!.installationId);
  const moved = (indices: number[]) => indices.flatMap((it) => placeOf(it) ?? []);
  const failures = commit.failures.flatMap((it) => {
    const index = placeOf(it.index);
    return index === undefined ? [] : { ...it, index };
  });
  const open = moved(commit.open);
  const skipped = moved(commit.skipped);
  const names = Object.entries(commit.names ?? {}).flatMap(([index, name]) => {
    const place = placeOf(Number(index));
    return place === undefined ? [] : [[place, name]];
  });
  const accepted = recipients.length - failures.length - open.length - skipped.length;
  const inDoubt = moved(commit.inDoubt);
  return {
    ...commit,
    failures,
    open,
    inDoubt,
    skipped,
    accepted,
    ...(commit.names && { names: Object.fromEntries(names) }),
  };
}
