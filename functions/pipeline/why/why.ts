/**
 * why: what is known of one device and one campaign, as a timeline and in sentences. It reads and decides
 * nothing: the audience is asked by what decides who is a recipient, and a reason is explained by its
 * provider's table.
 */

import { type Campaign, type Target, targetOf } from '../../model/campaign.ts';
import type { Installation } from '../../model/installation.ts';
import type { UploadKind } from '../../model/upload.ts';
import type { DeviceInCampaign, Ports, Store } from '../../ports/ports.ts';
import { type Absence, absenceOf } from './absence.ts';
import { type Delivery, deliveryOf } from './delivery.ts';
import type { Facts, Hint, Step, WhyState } from './facts.ts';
import { hintsOf } from './hints.ts';
import { timelineOf } from './timeline.ts';

export interface Why extends Pick<Facts, 'campaign' | 'installationId' | 'installation' | 'now'> {
  state: WhyState;
  /** one or two sentences */
  summary: string;
  /** what to do, in a sentence or two; '' if nothing */
  next: string;
  /** what was frozen of it; null: nothing, or it is not known */
  delivery: Delivery | null;
  /** why there is no push to it; null: there is one */
  absence: Absence | null;
  hints: Hint[];
  /** in the order of time */
  timeline: Step[];
}

type Answer =
  | { kind: 'known'; why: Why }
  | { kind: 'no-campaign' }
  /** the campaign has nothing of it, and the app has no such installation: it never existed, or was erased */
  | { kind: 'nothing'; campaign: Campaign };

/** Answers for one campaign and the installation of that id in its app. Throws when the store fails. */
export async function why(
  ports: Ports,
  campaignId: string,
  installationId: string,
): Promise<Answer> {
  const campaign = await ports.store.getCampaign(campaignId);
  if (!campaign) return { kind: 'no-campaign' };
  const installation = await ports.store.getInstallation(campaign.app, installationId);
  const it = await whyIn(ports, campaign, { installationId, installation });
  return it === null ? { kind: 'nothing', campaign } : { kind: 'known', why: it };
}

/** The same, of a campaign and an installation that were read before. Null: nothing is known. */
async function whyIn(
  ports: Ports,
  campaign: Campaign,
  { installationId, installation }: Pick<Facts, 'installationId' | 'installation'>,
): Promise<Why | null> {
  const found = await findIn(ports, campaign, installationId, installation);
  const facts: Facts = { campaign, installationId, installation, found, now: ports.now() };
  const [first] = found.recipients;
  if (first) {
    const delivery = deliveryOf(facts, first);
    return whole(ports, facts, { ...delivery, absence: null });
  }
  if (installation === null) return null;
  const absence = await absenceOf(ports, facts, installation);
  return whole(ports, facts, { ...absence, delivery: null });
}

/** A topic has one recipient, which is no device. */
const findIn = async (
  { store }: Ports,
  campaign: Campaign,
  installationId: string,
  installation: Installation | null,
): Promise<DeviceInCampaign> => {
  const target = targetOf(campaign);
  if (target.kind === 'topic' || target.kind === 'condition')
    return { shards: [], recipients: [], complete: true };
  const { token = null, userId = null } = installation ?? {};
  const listedBy = target.kind === 'named' ? await kindOfNames(store, target) : null;
  return store.findRecipient(campaign, { installationId, token, userId, listedBy });
};

const kindOfNames = async (
  store: Pick<Store, 'getUpload'>,
  { names }: Extract<Target, { kind: 'named' }>,
): Promise<UploadKind | null> =>
  'tokens' in names ? 'tokens' : ((await store.getUpload(names.upload))?.of ?? null);

type Told = Pick<Why, 'state' | 'summary' | 'next' | 'delivery' | 'absence'>;

function whole(ports: Ports, facts: Facts, told: Told): Why {
  const { campaign, installationId, installation, now } = facts;
  const timeline = timelineOf(facts, told);
  const hints = hintsOf(ports, facts, told.delivery);
  return { campaign, installationId, installation, now, ...told, hints, timeline };
}
