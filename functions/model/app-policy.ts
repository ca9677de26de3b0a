/**
 * What holds for all campaigns of an app. A campaign keeps the policy of receipts that held when it was
 * accepted. Caps are those that hold when its recipients are frozen: a campaign that waited for a week must
 * not break a cap that is four days old.
 */

import type { QuietHours } from './quiet.ts';
import { DELIVERED_SHARE } from './receipt.ts';

export interface AppPolicy {
  receipts: {
    /** false: pushes have no key `volley`, and receipts are counted and dropped */
    enabled: boolean;
    /** the share of devices, from 0 to 1, that report `delivered` */
    delivered: number;
  };
  /** how many campaigns reach a device; [] if nothing limits that */
  caps: Cap[];
  /** when no campaign reaches a device, by its own clock; null: it may at any time */
  quiet: QuietHours | null;
  /** the time zone of devices that tell none */
  defaultZone: string;
  /** categories of messages for which neither caps nor quiet hours hold, and which do not count for caps */
  exempt: string[];
}

/** A device is a recipient of at most `max` campaigns within any time of that length. */
export interface Cap {
  max: number;
  /** hours or days: `24h`, `7d` */
  per: string;
}

const HOUR_MS = 60 * 60 * 1000;
const UNITS: Record<string, number> = { h: HOUR_MS, d: 24 * HOUR_MS };

/** The length of a cap's time, in ms. */
export const windowOf = ({ per }: Pick<Cap, 'per'>) =>
  Number.parseInt(per, 10) * UNITS[per.at(-1)!]!;

/** What a campaign keeps of the policy of receipts, where they are enabled. */
export type ReceiptPolicy = Pick<AppPolicy['receipts'], 'delivered'>;

/** The policy of an app that has stored none. */
export const defaultPolicy: AppPolicy = {
  receipts: { enabled: true, delivered: DELIVERED_SHARE },
  caps: [],
  quiet: null,
  defaultZone: 'Etc/UTC',
  exempt: [],
};

/** A policy as it was stored, null if it never was. An older version may have stored fewer fields. */
export const policyOf = (stored: Partial<AppPolicy> | null): AppPolicy => ({
  ...defaultPolicy,
  ...stored,
});

/** The part of a policy that a new campaign keeps. */
export const receiptsOf = ({ receipts }: AppPolicy): { receipts?: ReceiptPolicy } =>
  receipts.enabled ? { receipts: { delivered: receipts.delivered } } : {};
