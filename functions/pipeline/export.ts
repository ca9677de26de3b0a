/** export: what became of each recipient of a campaign, and each receipt, as rows for a data warehouse. */

import { chunked } from '../lib/chunked.ts';
import { each } from '../lib/concurrency.ts';
import { Expired } from '../lib/errors.ts';
import { rfc3339 } from '../lib/rfc3339.ts';
import { BUCKETS } from '../model/bucket.ts';
import { type Campaign, toOf } from '../model/campaign.ts';
import { rowsEvent } from '../model/campaign-events.ts';
import { receiptKinds, receiptName } from '../model/receipt.ts';
import { ROWS_VERSION, type WarehouseRow } from '../model/rows.ts';
import type { Ports, RecipientOutcome, Store } from '../ports/ports.ts';

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

/** Rows of one event: some 400 kB, of the 10 MB that Pub/Sub takes. */
const IN_ONE_EVENT = 2_000;
/** Events that are published at the same time. */
const AT_ONCE = 4;

interface Published {
  /** names the export, in ms */
  run: number;
  events: number;
  recipients: number;
  receipts: number;
}

/**
 * Publishes all rows of a campaign in events of up to 2,000, the one with the end after all others are
 * published: rows of a run that has its end are all rows. Not stored in the outbox, since the rows can be
 * read again: if it throws, the caller asks again, which is another run.
 */
export async function publishRows(
  { store, events, now }: Pick<Ports, 'store' | 'events' | 'now'>,
  campaign: Campaign,
): Promise<Published> {
  const published: Published = { run: now(), events: 0, recipients: 0, receipts: 0 };
  for await (const rows of exportRows(store, campaign)) {
    const parts = chunked(rows, IN_ONE_EVENT).map((some) =>
      rowsEvent(campaign, published.run, published.events++, some),
    );
    await each(parts, AT_ONCE, (it) => events.publish(it));
    for (const it of rows)
      if (it.kind === 'end')
        Object.assign(published, { recipients: it.recipients, receipts: it.receipts });
  }
  return published;
}
