/**
 * Rows of a campaign for a data warehouse: one for each recipient, one for each receipt, and one at the
 * end, which says how many there were. Tokens are in none of them.
 *
 * Within a version fields are only added. What changes a field, or its meaning, is another version.
 */

import type { ReceiptKind } from './receipt.ts';

export const ROWS_VERSION = 1;

interface Row {
  schema: typeof ROWS_VERSION;
  campaignId: string;
}

interface RecipientRow extends Row {
  kind: 'recipient';
  /** `receiptName` of the installation, as receipts have it; null: it was erased, or it is a topic */
  device: string | null;
  installationId: string | null;
  provider: string;
  /** an `Outcome`, 'skipped', or of a campaign that is not closed 'open' or 'in-doubt' */
  outcome: string;
  /** the provider's, of a failure */
  reason: string | null;
  /** of a failure */
  attempts: number | null;
  /** RFC 3339: of the failure, or when the attempt ended */
  at: string | null;
}

interface ReceiptRow extends Row {
  kind: 'receipt';
  device: string;
  receipt: ReceiptKind;
  /** RFC 3339, by the clock of the device */
  at: string;
}

/** A list without it was cut off. */
interface EndRow extends Row {
  kind: 'end';
  recipients: number;
  receipts: number;
}

export type WarehouseRow = RecipientRow | ReceiptRow | EndRow;
