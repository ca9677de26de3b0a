/** retry: a new campaign to the recipients that an earlier one failed to reach for a temporary reason. */

import { each } from '../../lib/concurrency.ts';
import { matches } from '../../model/audience/matches.ts';
import type { Cursor } from '../../model/bucket.ts';
import { type Campaign, type CampaignRequest, isClosed } from '../../model/campaign.ts';
import type { Failure } from '../../model/chunk.ts';
import type { AudiencePage, Page, Ports } from '../../ports/ports.ts';
import { type Accepted, enter } from '../accept/accept.ts';

/**
 * Outcomes worth another try: a rejected or unregistered token would fail again. An expired push is
 * recorded as `retry`.
 */
const WORTH: readonly Failure['outcome'][] = ['retry', 'unknown', 'blocked'];

/** Failures read in one query. */
const PAGE_SIZE = 2_000;
/**
 * Pages looked through for a failure that is worth another try. A request waits for them; beyond them
 * the retry is made, and finds out.
 */
const MAX_PAGES = 10;
/** Installations looked up at the same time. */
const CONCURRENCY = 50;
/** The cursor after the last failure. */
const END = { bucket: 1, id: '' };

type Retried =
  | Accepted
  | { kind: 'missing' }
  /** the campaign is open: not all of its failures are known yet */
  | { kind: 'illegal'; campaign: Campaign }
  /** none of its failures is worth another try, so there is no new campaign */
  | { kind: 'hopeless'; failures: number };

/**
 * Starts the retry of a closed campaign. Asked twice, it answers with the same campaign, unless another
 * idempotency key is given. Throws when the store or the queue fails.
 */
export async function retryFailures(
  ports: Ports,
  id: string,
  key: string | null,
  by: string,
): Promise<Retried> {
  const campaign = await ports.store.getCampaign(id);
  if (!campaign) return { kind: 'missing' };
  if (!isClosed(campaign.state)) return { kind: 'illegal', campaign };
  const failures = await hopelessFailures(ports, id);
  if (failures !== null) return { kind: 'hopeless', failures };
  const { app, name, audience, message, rate, dryRun, test } = campaign;
  const request: CampaignRequest = {
    app,
    audience,
    dryRun,
    ...(rate && { rate }),
    ...(test && { test }),
    name: `${name.slice(0, 192)} (again)`,
    // a push without an answer may have arrived: with a collapse id the second push replaces it
    message: { ...message, collapseId: message.collapseId ?? id },
    retryOf: id,
  };
  return enter(ports, request, key ?? `retry-failures ${id}`, by);
}

/** The number of its failures if none of them is worth another try; null if one is, or may be. */
async function hopelessFailures(
  { store }: Pick<Ports, 'store'>,
  id: string,
): Promise<number | null> {
  const { failed, pruned = {} } = await store.counts(id);
  const dead = Object.values(pruned).reduce((sum, it) => sum + it, 0);
  if (dead >= failed) return failed;
  let from: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, next }: Page<Failure> = await store.listFailures(id, from, PAGE_SIZE);
    if (items.some((it) => WORTH.includes(it.outcome))) return null;
    if (next === null) return failed;
    from = next;
  }
  return null;
}

/**
 * The recipients of a retry, in pages in the order of the failures, each with the token that its
 * installation has now. Installations that were deleted, or have opted out of it, are left out.
 */
export async function* failedBefore(
  { store }: Pick<Ports, 'store'>,
  { app, retryOf, message: { category } }: Campaign,
  after: Cursor | null,
): AsyncGenerator<AudiencePage> {
  if (after?.bucket === END.bucket) return;
  for (let from = after?.id ?? null; ; ) {
    const { items, next } = await store.listFailures(retryOf!, from, PAGE_SIZE);
    const ids = items.filter((it) => WORTH.includes(it.outcome)).map((it) => it.installationId);
    const found = await each(ids, CONCURRENCY, (id) => store.getInstallation(app, id));
    const installations = found.flatMap((it) => (it && matches({ category }, it) ? it : []));
    yield { installations, cursor: next === null ? END : { bucket: 0, id: next } };
    if (next === null) return;
    from = next;
  }
}
