/** Receipts: counted once for each campaign, kind and installation, apart from the ledger. */

import type { BucketRange } from '../model/bucket.ts';
import type { Receipt, ReceiptCounts, ReceiptKind } from '../model/receipt.ts';

/**
 * What became of a receipt. 'counted': it is new. 'known': it was counted before. 'unknown': the app has no
 * such installation (any more).
 */
export type ReceiptResult = 'counted' | 'known' | 'unknown';

/** A part of the receipts of a campaign, in the order of buckets. */
export interface ReceiptsPart {
  /** names of installations (`receiptName`), ascending, with the time of each in ms since the epoch */
  names: string[];
  times: number[];
}

export interface Receipts {
  /**
   * Counts receipts of campaigns that exist and whose retention has not ended; the caller has checked
   * that, and that they are of the campaign's app. Gives what became of each, in their order. What is
   * counted is stored when this resolves. A repeat changes nothing.
   */
  addReceipts(receipts: readonly Receipt[], now: number): Promise<ReceiptResult[]>;
  /** Exact; the sums stay when the receipts themselves have expired. */
  receiptCounts(campaignId: string): Promise<ReceiptCounts>;
  /** All receipts of one kind of a campaign whose installations have buckets of the range, in parts. */
  readReceipts(
    campaignId: string,
    kind: ReceiptKind,
    range: BucketRange,
  ): AsyncIterable<ReceiptsPart>;
}
