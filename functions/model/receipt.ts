/**
 * Receipts: what an app tells about a push that its device got. They are claims of devices, which can be
 * forged. They are counted beside the ledger and are never a part of it.
 */

import { hash } from 'node:crypto';
import { BUCKETS, bucketOf } from './bucket.ts';

export const receiptKinds = ['opened', 'delivered', 'dismissed'] as const;
export type ReceiptKind = (typeof receiptKinds)[number];

/** A receipt of a campaign, from an installation of its app. */
export interface Receipt {
  installationId: string;
  kind: ReceiptKind;
  /** when it happened by the clock of the device, which was compared with ours; ms since the epoch */
  at: number;
}

/** Distinct installations with a receipt, by its kind. */
export type ReceiptCounts = Record<ReceiptKind, number>;

export const noReceipts = (): ReceiptCounts => ({ opened: 0, delivered: 0, dismissed: 0 });

/** The share of devices that report `delivered` unless an app's policy says another. */
export const DELIVERED_SHARE = 0.02;

/**
 * Whether an installation is one of those that report `delivered`: they are the ones with the lowest
 * buckets, so clients and server find the same ones. `share` is from 0 to 1.
 */
export const isSampled = (installationId: string, share: number) =>
  bucketOf(installationId) < share * BUCKETS;

/** Bytes of an installation in a set of receipts. */
export const RECEIPT_NAME_BYTES = 8;

/**
 * What a set of receipts keeps of an installation: the first eight bytes of the SHA-256 of its id, as 16 hex
 * digits. The first four are its bucket, so sets are in the order of buckets. Four alone would be the same
 * for 116 pairs of a million installations.
 */
export const receiptName = (installationId: string) =>
  hash('sha256', installationId).slice(0, 2 * RECEIPT_NAME_BYTES);

/** The bucket of the installation that a set names so. */
export const bucketIn = (name: string) => Number.parseInt(name.slice(0, 8), 16);
