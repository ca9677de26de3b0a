/** export: what became of each recipient of a campaign, and each receipt, as rows for a data warehouse. */

import { Expired } from '../lib/errors.ts';
import { rfc3339 } from '../lib/rfc3339.ts';
import { BUCKETS } from '../model/bucket.ts';
import { type Campaign, toOf } from '../model/campaign.ts';
import { receiptKinds, receiptName } from '../model/receipt.ts';
import { ROWS_VERSION, type WarehouseRow } from '../model/rows.ts';
import type { RecipientOutcome, Store } from '../ports/ports.ts';

type Reader = Pick<Store, 'readOutcomes' | 'readReceipts' | 'isKept'>;

/**
 * All rows of a campaign, a few thousand at a time; the last one is the end. Throws `Expired` if some are
 * or may be deleted, also in the middle: then there is no end.
 */
export async function* exportRows(
  store: Reader,
  campaign: Campaign,
): AsyncGenerator<WarehouseRow[]> {
  const { id: campaignId } = campaign;
  const common = { schema: ROWS_VERSION, campaignId } as const;
  const isNamed = toOf(campaign) === 'token';
  let [recipients, receipts] = [0, 0];
  for await (const outcomes of store.readOutcomes(campaign)) {
    recipients += outcomes.length;
    yield outcomes.map((it) => ({ ...common, ...recipientFields(it, isNamed) }));
  }
  for (const receipt of receiptKinds)
    for await (const { names, times } of store.readReceipts(campaignId, receipt, EVERYWHERE)) {
      receipts += names.length;
      yield names.map((device, i) => ({
        ...common,
        kind: 'receipt',
        device,
        receipt,
        at: rfc3339(times[i]!),
      }));
    }
  // the end of a list of receipts may be the end of its retention
  if (!(await store.isKept(campaign)))
    throw new Expired(`the receipts of ${campaignId} are deleted`);
  yield [{ ...common, kind: 'end', recipients, receipts }];
}

const EVERYWHERE = { from: 0, to: BUCKETS };

/** `isNamed`: a recipient is an installation, or a token of none. */
function recipientFields(
  { installationId, provider, state, failure, at }: RecipientOutcome,
  isNamed: boolean,
) {
  const id = isNamed ? installationId : null;
  return {
    kind: 'recipient',
    device: id === null ? null : receiptName(id),
    installationId: id,
    provider,
    outcome: state,
    reason: failure?.reason ?? null,
    attempts: failure?.attempts ?? null,
    at: at === null ? null : rfc3339(at),
  } as const;
}
