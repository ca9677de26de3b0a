/** retry: a campaign to the recipients that an earlier one failed to reach, for reasons that pass. */

import { each } from '../../lib/concurrency.ts';
import type { Cursor } from '../../model/bucket.ts';
import { type Campaign, type CampaignRequest, isClosed } from '../../model/campaign.ts';
import type { Failure } from '../../model/chunk.ts';
import type { AudiencePage, Ports } from '../../ports/ports.ts';
import { type Accepted, enter } from '../accept/accept.ts';

/** Rejected and unregistered would be so again. A time to live that ran out is recorded as `retry`. */
const WORTH: readonly Failure['outcome'][] = ['retry', 'unknown', 'blocked'];

/** Failures read in one query, and installations looked up in one. */
const PAGE_SIZE = 2_000;
const AT_ONCE = 50;
/** The cursor behind the last failure. */
const END = { bucket: 1, id: '' };

export type Retried =
  | Accepted
  | { kind: 'missing' }
  /** it is open: its failures are not all known yet */
  | { kind: 'illegal'; campaign: Campaign };

/** Asked twice it is the same campaign, unless another key is given. */
export async function retryFailures(
  ports: Ports,
  id: string,
  key: string | null,
  by: string,
): Promise<Retried> {
  const campaign = await ports.store.getCampaign(id);
  if (!campaign) return { kind: 'missing' };
  if (!isClosed(campaign.state)) return { kind: 'illegal', campaign };
  const { app, name, audience, message, rate, dryRun, test } = campaign;
  const request: CampaignRequest = {
    ...{ app, audience, dryRun, ...(rate && { rate }), ...(test && { test }) },
    name: `${name.slice(0, 192)} (again)`,
    // what was sent and never answered may have arrived: the second replaces it on the device
    message: { ...message, collapseId: message.collapseId ?? id },
    retryOf: id,
  };
  return enter(ports, request, key ?? `retry-failures ${id}`, by);
}

/** In pages, as the failures lie; with the token that an installation has now. Gone is gone. */
export async function* failedBefore(
  { store }: Pick<Ports, 'store'>,
  { app, retryOf }: Campaign,
  after: Cursor | null,
): AsyncGenerator<AudiencePage> {
  if (after?.bucket === END.bucket) return;
  for (let from = after?.id ?? null; ; ) {
    const { items, next } = await store.listFailures(retryOf!, from, PAGE_SIZE);
    const ids = items.filter((it) => WORTH.includes(it.outcome)).map((it) => it.installationId);
    const found = await each(ids, AT_ONCE, (id) => store.getInstallation(app, id));
    const installations = found.flatMap((it) => (it && !it.optedOut ? it : []));
    yield { installations, cursor: next === null ? END : { bucket: 0, id: next } };
    if (next === null) return;
    from = next;
  }
}
