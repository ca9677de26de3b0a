/** pushes: the campaigns and messages that have a device among their recipients, the newest first. */

import { type Campaign, targetOf } from '../../model/campaign.ts';
import type { Installation } from '../../model/installation.ts';
import type { Page, Ports } from '../../ports/ports.ts';
import { type Why, whyOfRecipient } from './why.ts';

/** Campaigns listed in one read, and looked into side by side. */
const TOGETHER = 10;
/**
 * For one answer: campaigns that are listed, a read each, and those of them that are looked into, about ten
 * reads each. Messages that name others cost no more than their place in the list.
 */
const [MOST_LISTED, MOST_LOOKED_INTO] = [200, 30];

/** A device of an app, and how much of its list is wanted. */
interface Asked {
  app: string;
  installationId: string;
  /** null: from the newest on */
  after: string | null;
  /** at least 1 */
  limit: number;
}

/**
 * A page of the list: at most `limit`, and often fewer while `next` leads on. What named another user of
 * the device is not in it. Null: the app has no such installation, and there is no push to it. Throws
 * `BadCursor`, and when the store fails.
 */
export async function pushesTo(ports: Ports, asked: Asked): Promise<Page<Why> | null> {
  const { app, installationId, limit } = asked;
  const { store } = ports;
  const installation = await store.getInstallation(app, installationId);
  const device = { installationId, installation };
  const size = Math.min(TOGETHER, limit);
  const items: Why[] = [];
  let next = asked.after;
  let [listed, lookedInto] = [0, 0];
  do {
    const page: Page<Campaign> = await store.listCampaigns(next, size, { app });
    const some = page.items.filter((it) => mayReach(it, installationId, installation));
    const found = await Promise.all(some.map((it) => whyOfRecipient(ports, it, device)));
    items.push(...found.flatMap((it) => it ?? []));
    listed += size;
    lookedInto += some.length;
    next = page.next;
  } while (
    next !== null &&
    items.length + size <= limit &&
    listed < MOST_LISTED &&
    lookedInto + size <= MOST_LOOKED_INTO
  );
  if (installation === null && asked.after === null && items.length === 0 && next === null)
    return null;
  return { items, next };
}

/** False if the campaign names its recipients one by one, and none of them is the device or its user. */
function mayReach(campaign: Campaign, id: string, installation: Installation | null): boolean {
  const target = targetOf(campaign);
  if (!('audience' in target)) return false;
  const { installationIds, userIds, tokens } = target.audience;
  if (installationIds && !installationIds.includes(id)) return false;
  // of a device that was removed neither is known
  if (installation === null) return true;
  if (userIds && !userIds.includes(installation.userId ?? '')) return false;
  // a token of before is another one, and the device is the same; a retry sends to that of now
  return !(
    tokens &&
    campaign.retryOf === undefined &&
    installation.refreshedAt < campaign.createdAt &&
    !tokens.includes(installation.token)
  );
}
