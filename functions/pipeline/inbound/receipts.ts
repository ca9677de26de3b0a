/**
 * receipts: counts what devices claim about the pushes of campaigns. A claim can be forged by the owner of a
 * device, so nothing but the counts depends on it.
 */

import { setNewest } from '../../lib/bounded-map.ts';
import { createdOnce } from '../../lib/created-once.ts';
import type { Campaign } from '../../model/campaign.ts';
import { isSampled, type Receipt } from '../../model/receipt.ts';
import { beginOf } from '../../model/timing.ts';
import type { Ports, Store } from '../../ports/ports.ts';
import { appPolicy } from '../app-policy.ts';
import { listenedTo, tellReceipts } from '../listeners.ts';

/** A receipt as a device sends it. */
interface Claim extends Receipt {
  campaignId: string;
}

/** What became of the claims of a call, together. */
interface Claimed {
  /** new ones */
  counted: number;
  /** counted before */
  known: number;
  /** of no campaign or installation of the app that may be counted */
  dropped: number;
}

/**
 * Cache TTL in ms for campaigns and for who listens to them. Receipts come for days, one every few seconds:
 * each would cost two reads more. What of a campaign matters here does not change once it has begun, and of
 * its end the store knows in time.
 */
const KNOWN_MS = 60 * 1000;
/** The same for ids of no campaign: so long a flood of one forged id costs one read. */
const UNKNOWN_MS = 30 * 1000;
/** Entries of each cache. Unknown ids have a cache of their own, so forged ones evict no campaign. */
const MAX_KNOWN = 1_000;

interface Known {
  campaign: Promise<Campaign | null>;
  until: number;
}

/** By store: a process has one, a test may have several. */
const caches = new WeakMap<Store, { known: Map<string, Known>; unknown: Map<string, Known> }>();

/**
 * Counts claims, of the campaigns of `app`; null: of all apps. Those that cannot be counted are dropped, since
 * a device cannot do better. What is counted is stored when this resolves. Throws when the store fails: the
 * claims may be sent again, and are counted once.
 */
export async function takeReceipts(
  ports: Ports,
  claims: readonly Claim[],
  app: string | null,
): Promise<Claimed> {
  const taken: Claimed = { counted: 0, known: 0, dropped: 0 };
  const byCampaign = Map.groupBy(claims, (it) => it.campaignId);
  await Promise.all(
    Array.from(byCampaign, async ([id, some]) => {
      const campaign = await campaignOf(ports, id);
      const results =
        campaign && (await mayHaveReceipts(ports, campaign, app))
          ? await add(ports, campaign, some)
          : [];
      const counted = results.filter((it) => it === 'counted').length;
      const known = results.filter((it) => it === 'known').length;
      taken.counted += counted;
      taken.known += known;
      taken.dropped += some.length - counted - known;
    }),
  );
  return taken;
}

async function campaignOf({ store, now }: Ports, id: string): Promise<Campaign | null> {
  const { known, unknown } = createdOnce(caches, store, () => ({
    known: new Map(),
    unknown: new Map(),
  }));
  const earlier = [known.get(id), unknown.get(id)].find((it) => it && it.until > now());
  if (earlier) return earlier.campaign;
  const asked: Known = { campaign: store.getCampaign(id), until: now() + KNOWN_MS };
  setNewest(unknown, id, asked, MAX_KNOWN);
  try {
    const campaign = await asked.campaign;
    if (campaign) unknown.delete(id);
    else asked.until = now() + UNKNOWN_MS;
    // one that has not begun may begin now, and its first receipts come then
    if (campaign && hasBegun(campaign)) setNewest(known, id, asked, MAX_KNOWN);
    else known.delete(id);
    return campaign;
  } catch (error) {
    unknown.delete(id);
    throw error;
  }
}

const hasBegun = ({ shards, sending }: Campaign) => shards > 0 || Boolean(sending);

/** A campaign of the caller's app, with a receipt key in its pushes, some of which may be on devices. */
async function mayHaveReceipts(ports: Ports, campaign: Campaign, app: string | null) {
  if (app !== null && campaign.app !== app) return false;
  if (!campaign.receipts || campaign.dryRun) return false;
  if (!hasBegun(campaign)) return false;
  // what is switched off is so for earlier campaigns too
  return (await appPolicy(ports, campaign.app)).receipts.enabled;
}

async function add(ports: Ports, campaign: Campaign, claims: Claim[]) {
  const { store, now } = ports;
  const share = campaign.receipts!.delivered;
  const receipts = claims
    .filter((it) => it.kind !== 'delivered' || isSampled(it.installationId, share))
    .map(({ installationId, kind, at }) => ({
      installationId,
      kind,
      // clocks of devices are wrong by years
      at: Math.min(now(), Math.max(beginOf(campaign), at)),
    }));
  if (receipts.length === 0) return [];
  const key = { app: campaign.app, campaignId: campaign.id };
  const isTold = (await listenedTo(ports, key, KNOWN_MS)).has('campaign.receipts');
  const results = await store.addReceipts({ campaign, receipts, now: now(), isTold });
  if (isTold && results.includes('counted')) await tellReceipts(ports, campaign.id);
  return results;
}
