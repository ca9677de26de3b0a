/** Receipts are kept first and sent then, so that one that cannot be sent now is sent later. */

import { call } from './call.ts';
import { readMe, using } from './kept.ts';

export interface Receipt {
  campaignId: string;
  kind: 'opened' | 'delivered' | 'dismissed';
  /** RFC 3339 */
  at: string;
}

/** Receipts in a call: the most that the API takes. */
const MOST_IN_A_CALL = 50;
/** Receipts that wait; more are not kept. */
const MOST_KEPT = 500;

/** Answers of the API after which the same receipts may be taken later. */
const LATER = [401, 403, 408, 429];

export async function keep(campaignId: string, kind: Receipt['kind'], now = Date.now()) {
  if ((await using('receipts', (it) => it.count())) >= MOST_KEPT) return;
  const receipt: Receipt = { campaignId, kind, at: new Date(now).toISOString() };
  await using('receipts', (it) => it.put(receipt));
}

/** Sends all that are kept. Rejects if some are left. One at a time, of all pages and the worker. */
export const flush = (): Promise<void> =>
  navigator.locks.request('volley-receipts', async () => {
    for (let most = MOST_IN_A_CALL; ; ) {
      const me = await readMe();
      const kept: Receipt[] = await using('receipts', (it) => it.getAll(null, most));
      if (!me || kept.length === 0) return;
      const receipts = kept.map((it) => ({ installationId: me.id, ...it }));
      const { ok, status } = await call(me, 'POST', '/v1/receipts', JSON.stringify({ receipts }));
      if (!ok && (status >= 500 || LATER.includes(status))) throw new Error(`receipts: ${status}`);
      // one of them is refused for good, and only that one is dropped
      if (status === 400 && kept.length > 1) {
        most = 1;
        continue;
      }
      await using(
        'receipts',
        (it) => kept.map(({ campaignId, kind }) => it.delete([campaignId, kind]))[0]!,
      );
    }
  });
