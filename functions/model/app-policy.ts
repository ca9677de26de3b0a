/** What holds for all campaigns of an app. A campaign keeps the policy that held when it was accepted. */

import { DELIVERED_SHARE } from './receipt.ts';

export interface AppPolicy {
  receipts: {
    /** false: pushes have no key `volley`, and receipts are counted and dropped */
    enabled: boolean;
    /** the share of devices, from 0 to 1, that report `delivered` */
    delivered: number;
  };
}

/** What a campaign keeps of the policy of receipts, where they are enabled. */
export type ReceiptPolicy = Pick<AppPolicy['receipts'], 'delivered'>;

/** The policy of an app that has stored none. */
export const defaultPolicy: AppPolicy = {
  receipts: { enabled: true, delivered: DELIVERED_SHARE },
};

/** A policy as it was stored, null if it never was. An older version may have stored fewer fields. */
export const policyOf = (stored: Partial<AppPolicy> | null): AppPolicy => ({
  ...defaultPolicy,
  ...stored,
});

/** The part of a policy that a new campaign keeps. */
export const receiptsOf = ({ receipts }: AppPolicy): { receipts?: ReceiptPolicy } =>
  receipts.enabled ? { receipts: { delivered: receipts.delivered } } : {};
