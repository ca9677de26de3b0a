/** Receipts: counted once for each campaign, kind and installation, apart from the ledger. */

import type { BucketRange } from '../model/bucket.ts';
import type { Campaign } from '../model/campaign.ts';
import type { CampaignEvent } from '../model/event.ts';
import type { Receipt, ReceiptCounts, ReceiptKind } from '../model/receipt.ts';

/**
 * What became of a receipt. 'counted': it is new. 'known': it was counted before. 'unknown': the app has no
 * such installation (any more), or the retention of the campaign has ended.
 */
export type ReceiptResult = 'counted' | 'known' | 'unknown';

/** A part of the receipts of a campaign, in the order of buckets. */
export interface ReceiptsPart {
  /** names of installations (`receiptName`), ascending, with the time of each in ms since the epoch */
  names: string[];
  /** to the second */
  times: number[];
}

/** Receipts of one campaign, which has begun; it may have been read some seconds before. */
export interface NewReceipts {
  campaign: Campaign;
  receipts: readonly Receipt[];
  now: number;
  /** true if an event is wanted: what is counted is told later, even if this process dies */
  isTold: boolean;
}

export interface Receipts {
  /**
   * Counts receipts, and gives what became of each, in their order. What is counted is stored when this
   * resolves. A repeat changes nothing; two in one call are a repeat too.
   */
  addReceipts(added: NewReceipts): Promise<ReceiptResult[]>;
  /**
   * Exact. The sums stay when the receipts themselves have expired, and when installations were deleted or
   * erased.
   */
  receiptCounts(campaignId: string): Promise<ReceiptCounts>;
  /**
   * All receipts of one kind of a campaign whose installations have buckets of the range, in parts. None
   * once the retention of the campaign has ended.
   */
  readReceipts(
    campaignId: string,
    kind: ReceiptKind,
    range: BucketRange,
  ): AsyncIterable<ReceiptsPart>;
  /**
   * Stores an event with the counts as they are, if they have changed since the last one. Null if they have
   * not, or if the last event is younger than `everyMs`: of several callers one stores it. With an `everyMs`
   * of 0 the sweep says that it has looked.
   */
  noteReceipts(campaignId: string, now: number, everyMs: number): Promise<CampaignEvent | null>;
}
