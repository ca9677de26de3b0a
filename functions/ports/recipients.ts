/** One device in one campaign: what is kept of it. */

import type { Campaign } from '../model/campaign.ts';
import type { Chunk, Delivered, Failure, Shard } from '../model/chunk.ts';
import type { UploadKind } from '../model/upload.ts';

/** A device, by all names under which a campaign may have it. */
export interface SoughtDevice {
  installationId: string;
  /** of the installation as it is now; null: not known, or none */
  token: string | null;
  userId: string | null;
  /** what the campaign's list names its recipients by; null: not known, or it has no list */
  listedBy: UploadKind | null;
}

/** A shard in whose range of names the device lies. */
export type ShardOfDevice = Pick<
  Shard,
  'index' | 'wave' | 'from' | 'to' | 'cursor' | 'planned' | 'plannedAt'
>;

/** An entry of a frozen list. Times are ms since the epoch; null where an older version kept none. */
export interface FoundRecipient
  extends Pick<
    Chunk,
    'provider' | 'environment' | 'attempt' | 'notBefore' | 'expiresAt' | 'quiet'
  > {
  chunkId: string;
  shard: number;
  /** its place in the chunk; with the chunk's id it makes the id of the push */
  index: number;
  /** recipients of the chunk */
  size: number;
  /** 'untold': settled by a version that did not keep what became of each */
  state: Delivered | 'open' | 'in-doubt' | 'untold';
  frozenAt: number | null;
  /** when the last attempt at its chunk began, and ended */
  claimedAt: number | null;
  releasedAt: number | null;
  /** end of the lease of a process that sends the chunk now; null: none does */
  leaseUntil: number | null;
  /** what the provider named the push; null: it gave none, or it is not kept */
  pushName: string | null;
  failure: Failure | null;
}

/** What became of a recipient, as far as it is known. */
export interface RecipientOutcome
  extends Pick<FoundRecipient, 'provider' | 'environment' | 'state' | 'failure'> {
  /** null: it was erased */
  installationId: string | null;
  /** of its failure, or when the last attempt at its chunk ended, in ms; null: not yet, or not known */
  at: number | null;
}

export interface DeviceInCampaign {
  /** [] if the campaign is not planned, or is a message that was closed in one write */
  shards: ShardOfDevice[];
  /** usually one */
  recipients: FoundRecipient[];
  /** false: some may have been deleted by their age, so that none proves nothing */
  complete: boolean;
}

export interface Recipients {
  /**
   * All recipients that a campaign has frozen, those of a chunk at a time, in the order in which they were
   * frozen. Throws `Expired` if some are or may be deleted: what was given is then not all.
   */
  readOutcomes(campaign: Campaign): AsyncIterable<RecipientOutcome[]>;
  /** False if recipients of a campaign, or receipts of its pushes, are or may be deleted by their age. */
  isKept(campaign: Campaign): Promise<boolean>;
  /**
   * Finds a device among the recipients that a campaign has frozen, by arithmetic on its buckets where it
   * can: about 20 reads, however many there are. One that was erased is not found.
   */
  findRecipient(campaign: Campaign, device: SoughtDevice): Promise<DeviceInCampaign>;
}
