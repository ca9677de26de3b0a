/** The receipt key of a push: on which pushes it is, and what happens where it does not fit. */

import { createdOnce } from '../../lib/created-once.ts';
import type { ApnsPushType } from '../../model/campaign.ts';
import { RECEIPT_KEY, type ReceiptKey, receiptKeyOf } from '../../model/message/receipt-key.ts';
import type { Push } from '../../ports/ports.ts';

/**
 * The push types whose payload reaches code of the app that a person may act on: a notification, a call,
 * or data of which the app itself makes a notification. Of the others, the system alone reads live
 * activities, controls and widgets; a device management takes its own key and no other; complications,
 * file providers and locations wake code that shows nothing which could be opened.
 */
const reported: readonly ApnsPushType[] = ['alert', 'background', 'voip', 'pushtotalk'];

/** The receipt key of a push that has this type on an iPhone; null: it has none. */
export const receiptKeyIn = (
  { campaignId, receipts }: Push,
  type: ApnsPushType,
): ReceiptKey | null =>
  receipts && reported.includes(type) ? receiptKeyOf(campaignId, receipts) : null;

const bare = new WeakMap<Push, Push>();

/**
 * The push without a receipt key, as it is sent where the key is what makes it too large: by the values
 * of a recipient, or since a version without the key accepted it for a schedule. Returns the same object each
 * time.
 */
export const withoutKey = (push: Push): Push =>
  push.receipts
    ? createdOnce(bare, push, () => {
        const { receipts: _, ...rest } = push;
        return rest;
      })
    : push;

/**
 * The fault of a push that has more bytes than its provider takes. `size` says how many, `keyless` is its
 * bytes without the key, `parts` are what its author can shorten.
 */
export function tooManyBytes(
  size: string,
  { bytes, most, keyless }: { bytes: number; most: number; keyless: number },
  parts: string,
): string {
  const fault = `${size}, ${most} are allowed`;
  return keyless > most || keyless === bytes
    ? `${fault}: shorten ${parts}`
    : `${fault}, and the receipt key "${RECEIPT_KEY}" is ${bytes - keyless} of them: shorten ${parts}, or turn receipts off for the app`;
}
