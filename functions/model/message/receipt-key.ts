/**
 * The key that a push carries so that the app can report what became of it. It is the same for all
 * recipients of a campaign. Senders load this file, so it imports no schema.
 */

import { DELIVERED_SHARE } from '../receipt.ts';

/**
 * Its name in the payload for Apple's devices, and in the data of FCM's message, where it is a text that
 * holds the JSON. Authors may not use the name at that place.
 */
export const RECEIPT_KEY = 'volley';

export interface ReceiptKey {
  /** the id of the campaign */
  c: string;
  /** the share of devices, from 0 to 1, that report `delivered`; left out where it is DELIVERED_SHARE */
  d?: number;
}

export const receiptKeyOf = (
  campaignId: string,
  { delivered }: { delivered: number },
): ReceiptKey => ({
  c: campaignId,
  ...(delivered !== DELIVERED_SHARE && { d: delivered }),
});
