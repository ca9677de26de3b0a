/**
 * What the receipts of a campaign say: how many devices there are of each kind, what a sample of them stands
 * for, and when the campaign was opened. It is no part of the ledger.
 */

import { countInterval, type Interval } from '../model/audience/interval.ts';
import { BUCKETS } from '../model/bucket.ts';
import { type Campaign, type Sums, toOf } from '../model/campaign.ts';
import { noReceipts, type ReceiptCounts } from '../model/receipt.ts';
import { receiptSets } from '../model/receipt-sets.ts';
import type { Ports } from '../ports/ports.ts';

export interface ReceiptSummary {
  counts: ReceiptCounts;
  /** devices for which `delivered` stands; null where each device reports it, or none does */
  estimated: (Interval & { about: number; share: number }) | null;
}

/**
 * Null if the pushes of the campaign carry no receipt key, so that none can come. Four reads on Firestore,
 * and none before the first push.
 */
export async function receiptSummary(
  { store }: Pick<Ports, 'store'>,
  campaign: Campaign,
  sums: Sums,
): Promise<ReceiptSummary | null> {
  if (!campaign.receipts) return null;
  const { delivered: share } = campaign.receipts;
  const counts =
    campaign.firstPushAt === null ? noReceipts() : await store.receiptCounts(campaign.id);
  return {
    counts,
    estimated: share > 0 && share < 1 ? estimateOf(campaign, counts, { share, sums }) : null,
  };
}

/** Each device reports with the chance `share`. Those that do are recipients, where these are counted. */
function estimateOf(
  campaign: Campaign,
  { delivered }: ReceiptCounts,
  { share, sums }: { share: number; sums: Sums },
) {
  const most = toOf(campaign) === 'token' ? Math.max(delivered, sums.recipients) : Infinity;
  const within = (it: number) => Math.min(most, Math.max(delivered, it));
  const { low, high } = countInterval(delivered, share);
  return {
    about: within(Math.round(delivered / share)),
    low: within(Math.floor(low)),
    high: within(Math.ceil(high)),
    share,
  };
}

/** Sets of receipts that a curve reads: 64 reads on Firestore, all of a campaign of 62,500 recipients. */
const MAX_SETS = 64;
const MAX_POINTS = 120;
const MINUTE_MS = 60_000;
/** Minutes between two points of a curve. */
const STEPS = [1, 2, 5, 10, 30, 60, 120, 180, 360, 720, 1440];

export interface Curve {
  /** minutes between two points */
  step: number;
  /** false: it is drawn from a part of the receipts, and ends at the exact number */
  isExact: boolean;
  /** devices that had opened it by that time, in ms since the epoch */
  points: { at: number; opened: number }[];
}

/** When a campaign was opened. Without points if it was not, or if its retention has ended. */
export async function openingCurve(
  { store }: Pick<Ports, 'store'>,
  campaign: Campaign,
  /** all that have opened it */
  opened: number,
): Promise<Curve> {
  const share = Math.min(1, MAX_SETS / receiptSets(campaign));
  const isExact = share === 1;
  if (opened === 0) return { step: STEPS[0]!, isExact, points: [] };
  const perMinute = new Map<number, number>();
  let read = 0;
  const range = { from: 0, to: BUCKETS * share };
  for await (const { times } of store.readReceipts(campaign.id, 'opened', range))
    for (const at of times) {
      const minute = Math.floor(at / MINUTE_MS);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
      read += 1;
    }
  if (read === 0) return { step: STEPS[0]!, isExact, points: [] };
  const first = Math.floor((campaign.firstPushAt ?? campaign.createdAt) / MINUTE_MS);
  // not by Math.max: a long retention has more minutes than a call takes arguments
  const last = perMinute.keys().reduce((a, b) => Math.max(a, b), first);
  const step = STEPS.find((it) => (last - first) / it < MAX_POINTS) ?? STEPS.at(-1)!;
  const each = isExact ? 1 : opened / read;
  return { step, isExact, points: pointsOf(perMinute, { first, last, step, each }) };
}

interface Stretch {
  /** minutes since the epoch */
  first: number;
  last: number;
  step: number;
  /** what one of the receipts stands for */
  each: number;
}

function pointsOf(perMinute: Map<number, number>, { first, last, step, each }: Stretch) {
  const perStep = new Map<number, number>();
  for (const [minute, count] of perMinute) {
    const index = Math.max(0, Math.floor((minute - first) / step));
    perStep.set(index, (perStep.get(index) ?? 0) + count);
  }
  const points = [{ at: first * MINUTE_MS, opened: 0 }];
  let sum = 0;
  for (let index = 0; index <= Math.floor((last - first) / step); index++) {
    sum += perStep.get(index) ?? 0;
    points.push({ at: (first + (index + 1) * step) * MINUTE_MS, opened: Math.round(sum * each) });
  }
  return points;
}
