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

/** The policy of an app that has stored none. */
export const defaultPolicy: AppPolicy = {
  receipts: { enabled: true, delivered: DELIVERED_SHARE },
};
