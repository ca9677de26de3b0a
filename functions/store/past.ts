/**
 * Gives installations of an audience their past with earlier campaigns: by merging them with the receipts
 * and the accepted recipients of each, which are read in the order of buckets as they are.
 */

import { Expired } from '../lib/errors.ts';
import { earlierIn, type Past, type Pasts } from '../model/audience/past.ts';
import { BUCKETS } from '../model/bucket.ts';
import { receiptName } from '../model/receipt.ts';
import type { Audience } from '../model/schemas/audience.ts';
import type { Receipts, Store } from '../ports/ports.ts';
import { acceptedNames, isOrdered, type KeptSource, outcomesOf } from './kept.ts';
import { createMembers, type Members } from './members.ts';

/** What an adapter reads the past from. */
export interface PastSource extends Pick<Receipts, 'readReceipts'>, Pick<Store, 'getCampaign'> {
  kept: KeptSource;
}

/** Verbs of the port. */
export const pastVerbs = (source: PastSource) =>
  ({
    async pastOf(audience, installationIds) {
      const past = pastFor(source, audience);
      const installations = installationIds.map((id): WithPast => ({ id }));
      await past.add(installations).finally(past.close);
      return installations.map((it) => it.pasts ?? new Map());
    },

    readOutcomes: (campaign) => outcomesOf(source.kept, campaign),

    async isKept(campaign) {
      try {
        await source.kept.checkKept(campaign);
        return true;
      } catch (error) {
        if (error instanceof Expired) return false;
        throw error;
      }
    },
  }) satisfies Partial<Store>;

interface WithPast {
  id: string;
  pasts?: Pasts;
}

export interface PastReader {
  /**
   * Gives each its past. Fast if they are in the order of buckets, and follow those of the last call.
   * Throws `Expired` if an earlier campaign's recipients or receipts are deleted.
   */
  add(installations: WithPast[]): Promise<void>;
  /** Nothing is read any more. */
  close(): Promise<void>;
}

const NONE: PastReader = { add: async () => {}, close: async () => {} };

/** Nothing is read before the first installations are given, and nothing at all if the audience asks for no past. */
export function pastFor(source: PastSource, audience: Audience): PastReader {
  const earlier = earlierIn(audience);
  if (earlier.length === 0) return NONE;
  let opened: Promise<EarlierReader[]> | null = null;
  const readers = () => {
    opened ??= Promise.all(earlier.map((it) => openEarlier(source, it.campaign, it.accepted)));
    return opened;
  };
  /** few are different */
  const known = new Map<string, Pasts>();
  const pastsOf = (campaigns: string[], states: Past[]): Pasts => {
    const key = states.map((it) => (it.accepted ? 2 : 0) + (it.opened ? 1 : 0)).join('');
    const pasts = known.get(key) ?? new Map(campaigns.map((it, i) => [it, states[i]!]));
    known.set(key, pasts);
    return pasts;
  };
  return {
    async add(installations) {
      if (installations.length === 0) return;
      const all = await readers();
      const names = installations.map((it) => receiptName(it.id));
      const wanted = [...new Set(names)].sort();
      const states: ((name: string) => Past)[] = [];
      for (const it of all) states.push(await it.among(wanted));
      const campaigns = earlier.map((it) => it.campaign);
      for (const [i, it] of installations.entries())
        it.pasts = pastsOf(
          campaigns,
          states.map((of) => of(names[i]!)),
        );
    },
    async close() {
      for (const it of (await opened?.catch(() => [])) ?? []) await it.close();
    },
  };
}

type EarlierReader = Awaited<ReturnType<typeof openEarlier>>;

/** `needsAccepted`: without it no installation is taken for accepted, since none of them matters. */
async function openEarlier(source: PastSource, id: string, needsAccepted: boolean) {
  const campaign = await source.getCampaign(id);
  if (!campaign) throw new Expired(`the campaign ${id} is not stored any more`);
  const { kept } = source;
  await kept.checkKept(campaign);
  const from = (bucket: number) => ({ from: bucket, to: BUCKETS });
  const opened = createMembers({
    async *open(bucket) {
      for await (const { names } of source.readReceipts(id, 'opened', from(bucket))) {
        // a set is deleted before it would be found empty
        await kept.checkKept(campaign);
        yield names;
      }
    },
    seeks: true,
  });
  const accepted: Members | null = needsAccepted
    ? createMembers({
        open: (bucket) => acceptedNames(kept, campaign, from(bucket)),
        seeks: isOrdered(campaign),
      })
    : null;
  return {
    async among(wanted: string[]): Promise<(name: string) => Past> {
      const isOpened = await opened.among(wanted);
      const isAccepted = (await accepted?.among(wanted)) ?? new Set();
      // the end of a list may be the end of its retention
      await kept.checkKept(campaign);
      return (name) => ({ accepted: isAccepted.has(name), opened: isOpened.has(name) });
    },
    async close() {
      await Promise.all([opened.close(), accepted?.close()]);
    },
  };
}
