/** past: what earlier campaigns were for installations, as an audience with `opened` and `notOpened` asks. */

import type { Fault } from '../../lib/errors.ts';
import { earlierIn, MAX_EARLIER, type Pasts, placesOfEarlier } from '../../model/audience/past.ts';
import { isClosed, toOf } from '../../model/campaign.ts';
import type { Audience, AudienceExpression } from '../../model/schemas/audience.ts';
import type { Store } from '../../ports/ports.ts';

type Reader = Pick<Store, 'getCampaign' | 'isKept'>;

/** At most 100 installations with their past. Throws `Expired`. */
export async function withPast<T extends { id: string }>(
  store: Pick<Store, 'pastOf'>,
  audience: Audience,
  installations: T[],
): Promise<(T & { pasts?: Pasts })[]> {
  if (earlierIn(audience).length === 0) return installations;
  const all = await store.pastOf(
    audience,
    installations.map((it) => it.id),
  );
  return installations.map((it, i) => ({ ...it, pasts: all[i]! }));
}

/** False if an earlier campaign that the audience asks about is deleted, or its recipients are. */
export async function isPastKept(store: Reader, audience: Audience): Promise<boolean> {
  for (const it of earlierIn(audience)) {
    const campaign = await store.getCampaign(it.campaign);
    if (!campaign || !(await store.isKept(campaign))) return false;
  }
  return true;
}

/**
 * Why an audience, or a segment of it, cannot ask about the earlier campaigns that it names. Throws when
 * the store fails.
 */
export async function earlierFaults(
  store: Reader,
  app: string,
  audience: AudienceExpression,
  segments: ReadonlyMap<string, AudienceExpression>,
): Promise<Fault[]> {
  const places = [
    ...Array.from(placesOfEarlier(audience, 'audience'), (it) => ({ ...it, within: '' })),
    ...[...segments].flatMap(([name, it]) =>
      Array.from(placesOfEarlier(it, ''), ({ campaign }) => ({
        campaign,
        path: 'audience',
        within: `the segment "${name}": `,
      })),
    ),
  ];
  const byCampaign = Map.groupBy(places, (it) => it.campaign);
  if (byCampaign.size > MAX_EARLIER) {
    const message = `asks about ${byCampaign.size} earlier campaigns: ${MAX_EARLIER} are allowed`;
    return [{ path: 'audience', message }];
  }
  const faults: Fault[] = [];
  for (const [campaign, named] of byCampaign) {
    const why = await refusal(store, app, campaign);
    if (why === null) continue;
    faults.push(...named.map(({ path, within }) => ({ path, message: `${within}${why}` })));
  }
  return faults;
}

/** Why a campaign cannot be asked about; null if it can. */
async function refusal(store: Reader, app: string, id: string): Promise<string | null> {
  const campaign = await store.getCampaign(id);
  if (campaign?.app !== app)
    return `there is no campaign "${id}" of "${app}", or its retention has ended`;
  const to = toOf(campaign);
  if (to !== 'token') return `the campaign "${id}" went to a ${to}: its recipients are not known`;
  if (campaign.dryRun) return `the campaign "${id}" was a dry run: no device got it`;
  if (!campaign.receipts)
    return `the campaign "${id}" was sent without receipts: no opening is told`;
  if (!isClosed(campaign.state))
    return `the campaign "${id}" is ${campaign.state}: ask again when it is completed`;
  if (await store.isKept(campaign)) return null;
  return `the retention of the campaign "${id}" has ended: its recipients are deleted`;
}
