/** Why a device is not among the recipients of a campaign. What is said of the installation is said of now. */

import { Expired } from '../../lib/errors.ts';
import { matches } from '../../model/audience/matches.ts';
import { type Unmet, unmetIn } from '../../model/audience/unmet.ts';
import { bucketOf } from '../../model/bucket.ts';
import { type Campaign, isClosed, type Target, targetOf } from '../../model/campaign.ts';
import type { Installation } from '../../model/installation.ts';
import type { Audience, AudienceExpression } from '../../model/schemas/audience.ts';
import { beginOf } from '../../model/timing.ts';
import type { Ports, ShardOfDevice, Store } from '../../ports/ports.ts';
import { withPast } from '../audience/past.ts';
import {
  type AbsenceWords,
  changedSince,
  conditionWords,
  NOT_NAMED,
  notFailedBefore,
  notNamedNow,
  optOutOf,
  PAST_GONE,
  TOO_OLD,
  topicWords,
  UPLOAD_EXPIRED,
} from './absence-words.ts';
import type { AbsenceKind, Facts } from './facts.ts';
import { type NameReader, nameIn } from './named.ts';
import { notReadYet } from './not-read-yet.ts';
import { shardsFor } from './turn.ts';

export interface Absence {
  kind: AbsenceKind;
  /** conditions that the installation, as it is now, does not meet */
  unmet: Unmet[];
  /** by when its part of the audience was read, in ms; null: it was not, or that is not known */
  readBy: number | null;
}

type Told = Omit<AbsenceWords, 'kind'> & { absence: Absence };

/** The answer for an installation that is not found among the recipients. */
export async function absenceOf(ports: Ports, facts: Facts, it: Installation): Promise<Told> {
  const { campaign, found } = facts;
  const target = targetOf(campaign);
  const shards = shardsFor(found.shards, campaign, it);
  const readBy = shards.reduce<number | null>(
    (latest, { plannedAt }) => (plannedAt === null ? latest : Math.max(latest ?? 0, plannedAt)),
    null,
  );
  // a retry does not ask for the conditions again
  const asked = isListed(target) && campaign.retryOf === undefined ? target.audience : null;
  const known = asked ? await knownOf(ports.store, asked, it) : it;
  if (known === null) return { ...PAST_GONE, absence: { kind: PAST_GONE.kind, unmet: [], readBy } };
  // of the category there are words of their own
  const unmet = asked ? unmetIn({ ...asked, category: undefined }, known, saidOf(campaign)) : [];
  const told = await kindOf(ports.store, facts, known, { target, unmet, readBy, shards });
  return { ...told, absence: { kind: told.kind, unmet, readBy } };
}

/** The installation with its past, as the audience asks for it; null if that is not known any more. */
async function knownOf(store: Pick<Store, 'pastOf'>, audience: Audience, it: Installation) {
  try {
    return (await withPast(store, audience, [it]))[0]!;
  } catch (error) {
    if (error instanceof Expired) return null;
    throw error;
  }
}

type Listed = Exclude<Target, { kind: 'topic' | 'condition' }>;
const isListed = (target: Target): target is Listed => 'audience' in target;

/** Without what only names recipients: that has been taken out of the resolved audience, too. */
function saidOf({ audience }: Campaign): AudienceExpression {
  const { upload, unregistered, topic, condition, ...said } = audience;
  return said;
}

interface Seen {
  target: Target;
  unmet: Unmet[];
  readBy: number | null;
  /** in which it may be: with waves, those of its zone */
  shards: ShardOfDevice[];
}

async function kindOf(
  store: NameReader & Pick<Store, 'history'>,
  facts: Facts,
  it: Installation,
  { target, unmet, readBy, shards }: Seen,
): Promise<AbsenceWords> {
  const { campaign, found } = facts;
  if (!isListed(target)) return topicWords(target);
  const isOpen = !(await isRead(store, campaign, target, { id: it.id, shards }));
  if (campaign.retryOf) {
    if (isOpen) return notReadYet(facts, shards);
    if (!found.complete) return TOO_OLD;
    return optOutOf(campaign, it) ?? notFailedBefore(campaign.retryOf, it);
  }
  const name = target.kind === 'named' ? await nameIn(store, target, it) : 'named';
  if (isOpen && name === 'named' && matches(target.audience, it)) return notReadYet(facts, shards);
  if (!found.complete) return TOO_OLD;
  if (name === 'unknown') return UPLOAD_EXPIRED;
  if (name === 'not-named-now' && it.refreshedAt >= (readBy ?? beginOf(campaign)))
    return notNamedNow(it);
  const optOut = optOutOf(campaign, it);
  if (optOut) return optOut;
  if (name !== 'named') return NOT_NAMED;
  if (unmet.length > 0) return conditionWords(unmet);
  return changedSince(it, beginOf(campaign), readBy);
}

/** Whether the part of the audience with this installation has been read: it would be found by now. */
async function isRead(
  store: Pick<Store, 'history'>,
  campaign: Campaign,
  target: Listed,
  { id, shards }: { id: string; shards: ShardOfDevice[] },
): Promise<boolean> {
  if (campaign.state === 'cancelled' || campaign.state === 'cancelling') {
    // what is planned after that is only counted
    const cancelled = (await store.history(campaign.id)).findLast(
      ({ to }) => to === 'cancelling' || to === 'cancelled',
    );
    const at = cancelled?.at ?? 0;
    const isBefore = (plannedAt: number | null) => plannedAt !== null && plannedAt < at;
    return shards.length > 0 && shards.every((it) => isBefore(it.plannedAt));
  }
  if (isClosed(campaign.state)) return true;
  const isInOrder = target.kind === 'installations' && campaign.retryOf === undefined;
  const isBehind = (bucket: number | undefined) =>
    isInOrder && bucket !== undefined && bucket > bucketOf(id);
  return (
    shards.length > 0 && shards.every(({ planned, cursor }) => planned || isBehind(cursor?.bucket))
  );
}
