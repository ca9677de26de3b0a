/** Why a device is not among the recipients of a campaign. What is said of the installation is said of now. */

import { Expired } from '../../lib/errors.ts';
import { matches } from '../../model/audience/matches.ts';
import { type Unmet, unmetIn } from '../../model/audience/unmet.ts';
import { bucketOf } from '../../model/bucket.ts';
import { type Campaign, isClosed, type Target, targetOf } from '../../model/campaign.ts';
import type { ShardWave } from '../../model/chunk.ts';
import type { Installation } from '../../model/installation.ts';
import type { Audience, AudienceExpression } from '../../model/schemas/audience.ts';
import { beginOf } from '../../model/timing.ts';
import type { Ports, ShardOfDevice, Store } from '../../ports/ports.ts';
import { withPast } from '../audience/past.ts';
import { waitsForCanary } from '../control/control.ts';
import { type AbsenceKind, type Facts, localText, timeText, type WhyState } from './facts.ts';
import { type DeviceTime, shardsFor } from './turn.ts';

export interface Absence {
  kind: AbsenceKind;
  /** conditions that the installation, as it is now, does not meet */
  unmet: Unmet[];
  /** by when its part of the audience was read, in ms; null: it was not, or that is not known */
  readBy: number | null;
}

interface Told {
  state: WhyState;
  summary: string;
  next: string;
  absence: Absence;
}

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

type Reader = Pick<Store, 'getUpload' | 'readUpload' | 'history'>;

interface Seen {
  target: Target;
  unmet: Unmet[];
  readBy: number | null;
  /** in which it may be: with waves, those of its zone */
  shards: ShardOfDevice[];
}

type Words = Omit<Told, 'absence'> & { kind: AbsenceKind };

async function kindOf(
  store: Reader,
  facts: Facts,
  it: Installation,
  { target, unmet, readBy, shards }: Seen,
): Promise<Words> {
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

type Named = Extract<Target, { kind: 'named' }>;

/**
 * Whether the installation is among the names of an upload or a list of tokens. 'not-named-now': its token
 * or its user is not, and may have been another one when the list was read.
 */
async function nameIn(
  store: Reader,
  { names }: Named,
  { id, token, userId }: Installation,
): Promise<'named' | 'not-named' | 'not-named-now' | 'unknown'> {
  if ('tokens' in names) return names.tokens.includes(token) ? 'named' : 'not-named-now';
  const upload = await store.getUpload(names.upload);
  if (!upload) return 'unknown';
  const name = { installationIds: id, userIds: userId, tokens: token }[upload.of];
  const not = upload.of === 'installationIds' ? 'not-named' : 'not-named-now';
  if (name === undefined) return not;
  const bucket = bucketOf(name);
  const inBucket = store.readUpload(upload.id, { from: bucket, to: bucket + 1 }, null, NAMES);
  for await (const some of inBucket) if (some.includes(name)) return 'named';
  return not;
}

/** Names of one bucket, read at a time. */
const NAMES = 100;

function notReadYet({ campaign, found, time, now }: Facts, shards: ShardOfDevice[]): Words {
  const { state, reason, schedule, id } = campaign;
  if (state === 'cancelled' || state === 'cancelling')
    return {
      ...{ kind: 'cancelled', state: 'skipped' },
      summary:
        'The campaign was cancelled before this part of its audience was read: nothing was sent.',
      next: '',
    };
  const meets = campaign.retryOf
    ? `The campaign goes to those that ${campaign.retryOf} failed to reach for a temporary reason`
    : 'The installation meets the audience, as it is now';
  if (state === 'paused')
    return {
      ...{ kind: 'not-read-yet', state: 'not-planned' },
      summary: `${meets}. The campaign is paused (${reason ?? 'no reason given'}), and this part of its audience is not read yet.`,
      next: `When the cause is mended: volley resume ${id}`,
    };
  if (found.shards.some((it) => it.index > 0) && waitsForCanary(campaign))
    return {
      ...{ kind: 'not-read-yet', state: 'not-planned' },
      summary: `${meets}. It is not in the share of the canary: it waits for the canary's result.`,
      next: `Ask again when the canary has passed: volley report ${id}`,
    };
  const wave = shards.find((it) => !it.planned)?.wave;
  if (wave && !(wave.zones !== 'movers' && wave.at <= now))
    return {
      ...{ kind: 'not-read-yet', state: 'not-planned' },
      summary: `${meets}. ${waveText(campaign, wave, time)}`,
      next: `Ask again after that.`,
    };
  if (found.shards.length > 0)
    return {
      ...{ kind: 'not-read-yet', state: 'not-planned' },
      summary: `${meets}. This part of the audience is being read.`,
      next: 'Ask again in a minute.',
    };
  const begins =
    schedule && schedule.at > now ? `begins at ${timeText(schedule.at)}` : 'has not begun yet';
  const turn = time ? ` ${turnText(campaign, time)}` : '';
  return {
    ...{ kind: 'not-begun', state: 'not-planned' },
    summary: `${meets}. The campaign ${begins}: its recipients are not fixed before that.${turn}`,
    next: 'Ask again after it has begun.',
  };
}

/** Its wave, which is not read yet. */
function waveText(campaign: Campaign, wave: ShardWave, time: DeviceTime | null): string {
  if (wave.zones === 'movers')
    return 'Its time zone has changed: if no wave sends to it before, it is sent to when all of them are read.';
  const when = `at ${timeText(wave.at)}`;
  if (wave.isLate) return `Its clock had shown the local time already: it is skipped ${when}.`;
  const where = time ? ` in ${time.zone}` : '';
  if (wave.isHeld) return `It waits for the end of quiet hours${where}, ${when}.`;
  const { local } = campaign.schedule ?? {};
  return `Its wave${where} is ${when}${local ? `, when its clock shows ${localText(local)}` : ''}: it is read a minute before.`;
}

function turnText({ schedule }: Campaign, { zone, turn }: DeviceTime): string {
  const { local } = schedule ?? {};
  if (turn.isLate)
    return `Its clock in ${zone} has shown ${localText(local)} already: it is skipped.`;
  const held = turn.isHeld ? ', when quiet hours end there' : '';
  return `It is sent to at ${timeText(turn.at)}, by its time zone ${zone}${held}.`;
}

const topicWords = ({ kind }: Target): Words => ({
  ...{ kind: 'topic', state: 'not-tracked' },
  summary: `The campaign goes to a ${kind}: FCM knows which devices subscribe to it, Volley does not.`,
  next: 'Look in the app whether it has subscribed. To see each device, send to an audience.',
});

const TOO_OLD: Words = {
  ...{ kind: 'too-old', state: 'unknown' },
  summary: 'It is no longer known: recipients are deleted some time after they were sent to.',
  next: '',
};

const PAST_GONE: Words = {
  ...{ kind: 'too-old', state: 'unknown' },
  summary:
    'It is not among the recipients. The audience asks about an earlier campaign whose recipients are deleted, so it is no longer known whether the installation was in it.',
  next: '',
};

const UPLOAD_EXPIRED: Words = {
  ...{ kind: 'upload-expired', state: 'not-in-audience' },
  summary:
    'It is not among the recipients. The upload that named them has expired, so it is not known whether it named this one.',
  next: 'Look for it in the file that was uploaded.',
};

const OPTED_OUT: Words = {
  ...{ kind: 'opted-out', state: 'not-in-audience' },
  summary: 'It is not among the recipients. The installation has opted out, as it is now.',
  next: 'The person can opt in again in the app. No campaign is sent to it before that.',
};

function optOutOf({ message: { category } }: Campaign, it: Installation): Words | null {
  if (it.optedOut) return OPTED_OUT;
  if (category === undefined || !it.optedOutOf?.includes(category)) return null;
  return {
    ...{ kind: 'opted-out', state: 'not-in-audience' },
    summary: `It is not among the recipients. The installation has opted out of the category "${category}", as it is now.`,
    next: 'The person can opt in again in the app. Messages of other categories are sent to it.',
  };
}

const NOT_NAMED: Words = {
  ...{ kind: 'not-named', state: 'not-in-audience' },
  summary:
    'It is not among the recipients: the list of the campaign does not name it, as the installation is now.',
  next: 'Compare the ids or tokens of the list with those of the installation.',
};

const notNamedNow = ({ refreshedAt }: Installation): Words => ({
  ...{ kind: 'not-named', state: 'unknown' },
  summary: `The list of the campaign does not name it, as the installation is now. Its app registered at ${timeText(refreshedAt)}, after the list was read: it may have had another token or user before, and then what it was sent is not known.`,
  next: 'Compare the ids or tokens of the list with those that the installation had.',
});

const notFailedBefore = (retryOf: string, { id }: Installation): Words => ({
  ...{ kind: 'not-failed-before', state: 'not-in-audience' },
  summary: `It is not among the recipients: the campaign goes only to those that ${retryOf} failed to reach for a temporary reason.`,
  next: `Ask about that one: volley why ${retryOf} --installation ${id}`,
});

const conditionWords = (unmet: Unmet[]): Words => ({
  ...{ kind: 'conditions', state: 'not-in-audience' },
  summary: `It is not among the recipients. As the installation is now, it does not meet ${unmet.length === 1 ? 'a condition' : `${unmet.length} conditions`} of the audience.`,
  next: 'Change the audience, or what the app registers. The recipients of a campaign that has begun do not change.',
});

/** It meets all conditions now, and was not a recipient. */
function changedSince({ refreshedAt }: Installation, begin: number, readBy: number | null): Words {
  const registered = `its app last registered at ${timeText(refreshedAt)}`;
  const next = 'Send to it again: the recipients of a campaign that has begun do not change.';
  if (refreshedAt >= (readBy ?? begin))
    return {
      ...{ kind: 'registered-later', state: 'not-in-audience', next },
      summary: `It is not among the recipients. It meets the audience now, and ${registered}, after the audience was read.`,
    };
  return {
    ...{ kind: 'changed-since', state: 'not-in-audience', next },
    summary: `It is not among the recipients. It meets the audience now; when the audience was read it did not, or was not stored (${registered}).`,
  };
}
