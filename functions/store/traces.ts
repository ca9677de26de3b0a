/** What both engines give of one recipient of a chunk. */

import { type Campaign, targetOf } from '../model/campaign.ts';
import type { Recipient } from '../model/chunk.ts';
import { unregisteredId } from '../model/installation.ts';
import type { FoundRecipient, SoughtDevice } from '../ports/ports.ts';
import { type Device, matcher } from './erasure.ts';
import { openIn, outcomeAt } from './outcomes.ts';

/** How a device is looked for in what a campaign has frozen. */
export interface Sought {
  /** in whose buckets it may lie: its id, or in ranges of names each of its names */
  names: string[];
  isSought(it: Pick<Recipient, 'installationId'>): boolean;
  /** as a recipient has it */
  ids: string[];
}

/**
 * Whether a campaign's shards are ranges of names, and not of installations: an upload, a list of tokens. A
 * retry has one shard, and no names.
 */
export const hasNamedShards = (campaign: Campaign) =>
  targetOf(campaign).kind === 'named' && campaign.retryOf === undefined;

export function soughtIn(
  campaign: Campaign,
  { installationId, token, userId, listedBy }: SoughtDevice,
): Sought {
  const ids = [installationId, ...(token === null ? [] : [unregisteredId(token)])];
  const byKind = { installationIds: installationId, tokens: token, userIds: userId };
  const all = listedBy === null ? Object.values(byKind) : [byKind[listedBy]];
  return {
    names: hasNamedShards(campaign)
      ? [...new Set(all.flatMap((it) => it ?? []))]
      : [installationId],
    ids,
    isSought: (it) => ids.includes(it.installationId),
  };
}

/** How a user's devices, present and former, are looked for in what a campaign has frozen. */
interface SoughtDevices {
  /** in whose buckets they may lie */
  names: string[];
  /** a shard's recipients are in the order of their ids; false: any page may have them */
  isOrdered: boolean;
  /** one of these is the id or the token of each that is sought */
  texts: string[];
  /** Of a chunk's recipients. `frozenAt` (ms): when it was frozen; null: a version of before has not said */
  matcherIn(frozenAt: number | null): (it: Recipient) => boolean;
}

export function soughtOf(campaign: Campaign, userId: string, devices: Device[]): SoughtDevices {
  const { app, createdAt } = campaign;
  const ids = devices.map((it) => it.id);
  const tokens = devices.map((it) => it.token);
  const isNamed = hasNamedShards(campaign);
  return {
    names: [...new Set(isNamed ? [userId, ...ids, ...tokens] : ids)],
    isOrdered: !isNamed && !campaign.retryOf,
    texts: [...ids, ...tokens, ...tokens.map(unregisteredId)],
    matcherIn(frozenAt) {
      const isTheirs = matcher(devices, createdAt, frozenAt ?? createdAt);
      return (it) => isTheirs(app, it.installationId, it.token);
    },
  };
}

/** What is known of a recipient from its chunk's outcomes. */
export function stateAt(outcomes: string, index: number): FoundRecipient['state'] {
  const settled = outcomeAt(outcomes, index);
  if (settled !== null) return settled;
  const { open, inDoubt } = openIn(outcomes);
  if (inDoubt.includes(index)) return 'in-doubt';
  return open.includes(index) ? 'open' : 'untold';
}
