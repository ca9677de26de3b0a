/** Records about a user's devices in messages, which have no shards and chunks of their own. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { UserRecord } from '../../ports/ports.ts';
import { type Device, matcher, redacted } from '../erasure.ts';
import type { Outcome, SentChunk } from '../messages.ts';
import { outcomeAt } from '../outcomes.ts';
import { namesWithout } from '../push-names.ts';
import { pack, recordOf, unpack } from '../recipients.ts';
import { outcomeIn, toCampaign } from './campaign-fields.ts';
import { type Client, unchanged } from './client.ts';
import { type CampaignFields, digest, type Schema } from './schema.ts';

/** The recipients and failures on these devices in a message that is closed. */
export function recordsOfMessage(found: DocumentSnapshot, devices: Device[]): UserRecord[] {
  const fields = found.data() as CampaignFields;
  const outcome = outcomeIn(fields);
  if (!outcome) return [];
  const theirs = findIn(outcome, fields, devices);
  const recipients = outcome.chunks.flatMap((it, chunk) => {
    const where = { campaignId: found.id, chunkId: it.id, app: fields.app };
    const all = recipientsOf(it);
    return [...theirs(chunk)].map((index) =>
      recordOf(where, all[index]!, outcomeAt(it.outcomes, index)),
    );
  });
  const failures = outcome.failures
    .filter((it) => isAmong(outcome, theirs, it))
    .map((it): UserRecord => ({ kind: 'failure', ...it }));
  return [...recipients, ...failures];
}

/**
 * Erases the devices from a message: from its outcome, or from what the process that sends it now will
 * store. `keys`: of the devices, as `rememberErased` takes them. Gives how much it erased.
 */
export const eraseFromMessage = (
  client: Client,
  schema: Schema,
  id: string,
  { devices, keys }: { devices: Device[]; keys: string[] },
): Promise<{ recipients: number; failures: number }> =>
  client.write(async (writes) => {
    const nothing = { recipients: 0, failures: 0 };
    const [found] = await client.get([schema.campaign(id)]);
    if (!found?.exists) return nothing;
    const fields = found.data() as CampaignFields;
    const outcome = outcomeIn(fields);
    if (!outcome) {
      if (fields.shards > 0 || !toCampaign(found).sending) return nothing;
      const all = new Set([...JSON.parse(fields.erase ?? '[]'), ...keys.map(digest)]);
      writes.update(found.ref, { erase: JSON.stringify([...all]) }, unchanged(found));
      return nothing;
    }
    const theirs = findIn(outcome, fields, devices);
    const recipients = outcome.chunks.reduce((sum, _, chunk) => sum + theirs(chunk).size, 0);
    if (recipients === 0) return nothing;
    const failures = outcome.failures.filter((it) => !isAmong(outcome, theirs, it));
    const left: Outcome = {
      ...outcome,
      chunks: outcome.chunks.map(({ names, ...it }, chunk) => {
        const kept = namesWithout(names, theirs(chunk));
        const { ids } = pack(redacted(recipientsOf(it), theirs(chunk)));
        return { ...it, ids, ...(kept && { names: kept }) };
      }),
      failures,
    };
    writes.update(found.ref, { outcome: JSON.stringify(left) }, unchanged(found));
    return { recipients, failures: outcome.failures.length - failures.length };
  });

const recipientsOf = ({ ids }: SentChunk) => unpack({ ids, rest: null });

/** The indices of a chunk's recipients that are on these devices; chunks by their position. */
function findIn(
  { chunks }: Outcome,
  { app, createdAt }: CampaignFields,
  devices: Device[],
): (chunk: number) => ReadonlySet<number> {
  const isTheirs = matcher(devices, createdAt);
  const found = chunks.map(
    (chunk) =>
      new Set(
        recipientsOf(chunk).flatMap(({ installationId, token }, index) =>
          isTheirs(app, installationId, token) ? [index] : [],
        ),
      ),
  );
  return (chunk) => found[chunk] ?? new Set();
}

const isAmong = (
  { chunks }: Outcome,
  theirs: (chunk: number) => ReadonlySet<number>,
  { chunkId, index }: { chunkId: string; index: number },
) => theirs(chunks.findIndex((it) => it.id === chunkId)).has(index);
