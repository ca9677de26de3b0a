/** Idempotency keys: what one was used for before. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Campaign } from '../../model/campaign.ts';
import type { Idempotency } from '../../ports/ports.ts';
import { findCampaign, isCampaign, toCampaign } from './campaign-fields.ts';
import type { Client } from './client.ts';
import type { CampaignFields, IdempotencyFields, KeyUsedFields, Schema } from './schema.ts';

export type UsedBefore = { kind: 'exists'; campaign: Campaign } | { kind: 'conflict' };

/**
 * What the key was used for, by the document of the key, or by the document at the name that a message with
 * the key has. Null if it was not used, or if what used it has expired.
 */
export async function usedBefore(
  client: Client,
  schema: Schema,
  found: DocumentSnapshot | undefined,
  { requestHash }: Idempotency,
): Promise<UsedBefore | null> {
  if (!client.isLive(found)) return null;
  const campaign = isCampaign(found) ? found : await findCampaign(client, schema, idIn(found));
  if (!campaign) return null;
  const earlier = (found.data() as Pick<CampaignFields, 'requestHash'>).requestHash;
  if (earlier !== requestHash) return { kind: 'conflict' };
  return { kind: 'exists', campaign: toCampaign(campaign) };
}

function idIn(found: DocumentSnapshot): string {
  const it = found.data() as IdempotencyFields | KeyUsedFields;
  return 'usedFor' in it ? it.usedFor : it.campaignId;
}
