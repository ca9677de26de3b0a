/** A campaign: its record, its states and how they follow each other. */

import type { ReceiptPolicy } from './app-policy.ts';
import { canonicalAudience } from './canonical/audience.ts';
import type { Provider } from './provider/registry.ts';
import type { Audience, Unregistered } from './schemas/audience.ts';
import type { CampaignRequest } from './schemas/campaign.ts';
import type { LocalTime } from './waves.ts';

export type { Audience } from './schemas/audience.ts';
export type { CampaignRequest } from './schemas/campaign.ts';
export type { Message } from './schemas/message.ts';
export type { ApnsPushType } from './schemas/message-apns.ts';

/**
 * accepted    stored and queued, not planned yet
 * scheduled   stored; begins at its time
 * running     cut into shards; chunks are frozen and sent
 * paused      for `reason`; nothing is sent until it is resumed
 * cancelling  nothing more is sent; the remaining recipients are being counted as skipped
 * completed, cancelled   the ledger is closed
 */
export const campaignStates = [
  'accepted',
  'scheduled',
  'running',
  'paused',
  'cancelling',
  'completed',
  'cancelled',
] as const;
export type CampaignState = (typeof campaignStates)[number];

/** What made a campaign: a campaign of its own, `POST /v1/messages`, or an inbound webhook. */
export const campaignKinds = ['campaign', 'message', 'trigger'] as const;
export type CampaignKind = (typeof campaignKinds)[number];

/** Those that an earlier version accepted are all said to be campaigns. */
export const kindOf = ({ kind }: Pick<CampaignRequest, 'kind'>): CampaignKind => kind ?? 'campaign';

/** The states that may follow each state. A store moves a campaign only along these, by compare and set. */
export const transitions: Record<CampaignState, readonly CampaignState[]> = {
  accepted: ['running', 'paused', 'cancelling'],
  // a campaign that never began has no counts, so it is cancelled in one step
  scheduled: ['running', 'paused', 'cancelled'],
  running: ['paused', 'cancelling', 'completed'],
  // to `accepted` if it was not planned yet
  paused: ['accepted', 'running', 'cancelling', 'completed'],
  cancelling: ['cancelled'],
  completed: [],
  cancelled: [],
};

export const isClosed = (state: CampaignState) => transitions[state].length === 0;

/** `capped`: by a cap of the app. `late`: their local time had passed. What is 0 is left out. */
interface SkippedBy {
  capped?: number | undefined;
  late?: number | undefined;
}

/** How many recipients have which outcome. `recipients` grows while shards are read; the others follow. */
export interface Counts {
  recipients: number;
  accepted: number;
  failed: number;
  skipped: number;
  /** skipped recipients by why, where that is not a cancellation or a dry run */
  skippedBy?: SkippedBy;
  /** recipients whose pushes waited for the end of quiet hours, or wait for it */
  held?: number;
  /** when the last of these may be sent, in ms since the epoch */
  heldUntil?: number;
  /** the failed recipients by the provider's reason */
  reasons: Record<string, number>;
  /** recipients with neither a value nor a default for a variable of the message, by its name */
  missing?: Record<string, number>;
  /** installations that were read and are no recipients: they opted out, for example */
  leftOut?: number;
  /** recipients whose devices let the app show nothing; they are sent to like others */
  denied?: number;
  /** failed recipients whose tokens were forgotten, by the provider's reason */
  pruned?: Record<string, number>;
}

/** The counts that a list of campaigns shows. */
export type Sums = Pick<
  Counts,
  'recipients' | 'accepted' | 'failed' | 'skipped' | 'skippedBy' | 'held' | 'heldUntil'
>;

export const sumsOf = ({
  recipients,
  accepted,
  failed,
  skipped,
  skippedBy,
  held,
  heldUntil,
}: Sums): Sums => ({
  recipients,
  accepted,
  failed,
  skipped,
  ...(skippedBy && { skippedBy }),
  ...(held !== undefined && { held }),
  ...(heldUntil !== undefined && { heldUntil }),
});

export const noCounts = (): Counts => ({
  recipients: 0,
  accepted: 0,
  failed: 0,
  skipped: 0,
  reasons: {},
});

/** The ledger closes when every recipient has exactly one final outcome. */
export const ledgerCloses = (counts: Counts) =>
  counts.recipients === counts.accepted + counts.failed + counts.skipped;

/** A change of state, as it is stored: when (ms since the epoch), and by which API key or user. */
export interface Change {
  at: number;
  by: string;
  /** null: the campaign was created; the same as `to`: its time was changed, or its canary has passed */
  from: CampaignState | null;
  to: CampaignState;
  reason: string | null;
}

/** Changes kept of a campaign: the first, and the latest. */
export const MAX_HISTORY = 100;

/** The actor of changes that Volley makes by itself. */
export const SYSTEM = 'system';

/**
 * What is known about a campaign's message at one provider: when a push was accepted, or which process
 * tries it first and until when. Other processes wait until a push is accepted or that time is over.
 */
export type Trial = { acceptedAt: number } | { by: string; until: number };
export type Trials = Partial<Record<Provider, Trial>>;

/** When a campaign begins: for the first of its devices, if it has a local time. */
export interface CampaignTime extends Partial<LocalTime> {
  /** ms since the epoch */
  at: number;
}

/** A wave, and the number of its shards, which follow each other. */
export interface WaveShards {
  /** ms since the epoch */
  at: number;
  shards: number;
  /**
   * about how many installations it has, by the sample of its planning; 0: none of the sample. Left out: it is
   * of movers, or an older version planned it
   */
  size?: number;
}

/** As it is stored. Times are milliseconds since the epoch. */
export interface Campaign extends Omit<CampaignRequest, 'schedule'> {
  id: string;
  schedule?: CampaignTime | undefined;
  /** when its recipients are sent to, if not all together; the earliest first. Known once it is planned */
  waves?: WaveShards[];
  /** the number of shards that it would have without waves, which tells its size; left out: it has none */
  parts?: number;
  /** the number of its first shards that are its canary, if it has one; left out: 1 */
  canaryShards?: number;
  /** the resolved audience, as of its acceptance; left out where it is the same as `audience` */
  meaning?: Audience;
  /**
   * The app's policy of receipts, as of its acceptance. Left out: its pushes have no receipt key, since
   * the app wants none, or an older version accepted it.
   */
  receipts?: ReceiptPolicy;
  /** it is a single message: caps neither hold for it nor count it */
  uncapped?: true;
  state: CampaignState;
  /** why it is paused */
  reason: string | null;
  createdAt: number;
  /**
   * when the campaign, or the part of it that waited for its canary, began; left out if it began when
   * it was created
   */
  startedAt?: number;
  /**
   * 'canary': all shards but those of the canary wait for its result. 'off': an operator saw the failures and
   * resumed the campaign. Left out: the failure guard is on.
   */
  guard?: 'canary' | 'off';
  /**
   * The process that accepted a message sends it itself: which one, and until when (ms since the epoch).
   * After that time its planner may begin. Left out once the message is sent, or begun by its planner.
   */
  sending?: { by: string; until: number };
  /** when the first push left */
  firstPushAt: number | null;
  /** by provider */
  trials?: Trials;
  closedAt: number | null;
  /** Set when the campaign closes with its last shard. Left out if an older version closed it. */
  sums?: Sums;
  /** installations that planning has to read, where an exact count was possible */
  expected?: number;
  /** number of shards; 0 until it is planned */
  shards: number;
  /**
   * why the campaign, or its open work, was last queued again; a text that begins with `held-` is its
   * canary's
   */
  task?: string;
}

/** A topic or condition, to which FCM sends one message, or the installations that get one each. */
export type Target =
  | { kind: 'topic' | 'condition'; value: string }
  | { kind: 'installations'; audience: Audience }
  /** recipients that are named one by one; those that are in the audience get the message */
  | {
      kind: 'named';
      names: { upload: string } | { tokens: string[] };
      /** platform and provider of tokens that no installation has; null: such tokens are left out */
      unregistered: Unregistered | null;
      audience: Audience;
    };

/** The target of a campaign, with its resolved audience in canonical form. */
export function targetOf({ audience, meaning }: Pick<Campaign, 'audience' | 'meaning'>): Target {
  const { topic, condition, upload, unregistered = null, ...rest } = audience;
  if (topic !== undefined) return { kind: 'topic', value: topic };
  if (condition !== undefined) return { kind: 'condition', value: condition };
  const meant = canonicalAudience(meaning ?? (rest as Audience));
  if (upload !== undefined)
    return { kind: 'named', names: { upload }, unregistered, audience: meant };
  if (!unregistered) return { kind: 'installations', audience: meant };
  const { tokens = [], ...others } = meant;
  return { kind: 'named', names: { tokens }, unregistered, audience: others };
}

/** What the tokens of its recipients name (`Push.to`). */
export function toOf(campaign: Pick<Campaign, 'audience'>): 'token' | 'topic' | 'condition' {
  const { kind } = targetOf(campaign);
  return kind === 'topic' || kind === 'condition' ? kind : 'token';
}

/** The pause of an app: its campaigns do not begin until it is resumed. */
export interface AppPause {
  at: number;
  by: string;
}
