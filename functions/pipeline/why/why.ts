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
import { deviceTime, endOf } from './turn.ts';

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
  const facts = await factsOf(ports, campaign, { installationId, installation });
  const sent = told(ports, facts);
  if (sent) return { kind: 'known', why: sent };
  if (installation === null) return { kind: 'nothing', campaign };
  const absence = await absenceOf(ports, facts, installation);
  return { kind: 'known', why: whole(ports, facts, { ...absence, delivery: null }) };
}

type Device = Pick<Facts, 'installationId' | 'installation'>;

/** The same, of a campaign that was read before. Null: the device is not among its recipients. */
export const whyOfRecipient = async (ports: Ports, campaign: Campaign, device: Device) =>
  told(ports, await factsOf(ports, campaign, device));

async function factsOf(ports: Ports, campaign: Campaign, device: Device): Promise<Facts> {
  const { installationId, installation } = device;
  const found = await findIn(ports, campaign, installationId, installation);
  const time = installation && (await deviceTime(ports, campaign, installation.timeZone));
  const recipients = found.recipients.map((it) => ({
    ...it,
    expiresAt: endOf(ports, campaign, it, installation?.timeZone),
  }));
  const now = ports.now();
  return { campaign, installationId, installation, found: { ...found, recipients }, time, now };
}

function told(ports: Ports, facts: Facts): Why | null {
  const [first] = facts.found.recipients;
  return first ? whole(ports, facts, { ...deliveryOf(facts, first), absence: null }) : null;
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

function whole(ports: Ports, facts: Facts, it: Told): Why {
  const { campaign, installationId, installation, now } = facts;
  const timeline = timelineOf(facts, it);
  const hints = hintsOf(ports, facts, it.delivery);
  return { campaign, installationId, installation, now, ...it, hints, timeline };
}
