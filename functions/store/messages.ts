/** The outcome of a message that was sent in one attempt, the same on both engines. */

import { type Campaign, type Counts, noCounts } from '../model/campaign.ts';
import { acceptedEvent, closedEvent, startedEvent } from '../model/campaign-events.ts';
import type { ChunkCommit, Failure, NewChunk, PushNames } from '../model/chunk.ts';
import type { CampaignEvent } from '../model/event.ts';
import type { SentMessage } from '../ports/ports.ts';
import { tally } from './counts.ts';
import { bareKey, commitWithout, deviceKey, redacted } from './erasure.ts';
import { fromLists, withCommit } from './outcomes.ts';
import { pack } from './recipients.ts';

export interface Outcome {
  /** the sending that it is the outcome of: a repeated call finds its own doing */
  by: string;
  startedAt: number;
  counts: Counts;
  chunks: SentChunk[];
  failures: Failure[];
}

/** A chunk of which nothing is open. Tokens and personal values are not kept. */
export interface SentChunk extends Pick<NewChunk, 'id' | 'provider' | 'environment' | 'quiet'> {
  /** the recipients' ids, as `pack` writes them */
  ids: string;
  /** a letter for each recipient, see outcomes.ts */
  outcomes: string;
  /** absent: the provider named none, or an older version has stored it */
  names?: PushNames;
}

/** Tells whether a device was erased, by its `deviceKey` or `bareKey`. */
type IsErased = (key: string) => boolean;

/**
 * The outcome without recipients that were erased while the message was sent. Their pushes stay counted.
 * `forgotten` are the ids of installations that were removed, since their tokens are dead.
 */
export function outcomeOf(
  { campaign, chunks, commits, missing, denied, now }: SentMessage,
  isErased: IsErased,
  forgotten: ReadonlySet<string>,
): Outcome {
  const kept = commits.map((it, i) => withoutErased(chunks[i]!, it, isErased));
  const failures = kept.flatMap(({ chunk, commit }) =>
    commit.failures.map(
      (it): Failure => ({
        ...it,
        campaignId: campaign.id,
        chunkId: chunk.id,
        ...(forgotten.has(it.installationId) && { pruned: true }),
      }),
    ),
  );
  const pruned = failures.filter((it) => it.pruned);
  const sum = (of: (it: ChunkCommit) => number) => commits.reduce((all, it) => all + of(it), 0);
  const counts: Counts = {
    ...noCounts(),
    recipients: chunks.reduce((all, it) => all + it.recipients.length, 0),
    accepted: sum((it) => it.accepted),
    failed: sum((it) => it.failures.length),
    skipped: sum((it) => it.skipped.length),
    reasons: tally(commits.flatMap((it) => it.failures)),
    ...(missing && { missing }),
    ...(denied && { denied }),
    ...(pruned.length > 0 && { pruned: tally(pruned) }),
  };
  const by = campaign.sending!.by;
  return { by, startedAt: now, counts, chunks: kept.map(({ chunk }) => chunk), failures };
}

function withoutErased(
  { id, app, provider, environment, quiet, recipients }: NewChunk,
  commit: ChunkCommit,
  isErased: IsErased,
) {
  const gone = new Set<number>();
  for (const [index, { installationId, token }] of recipients.entries())
    if (isErased(deviceKey({ app, id: installationId })) || isErased(bareKey({ app, token })))
      gone.add(index);
  const left = gone.size > 0 ? commitWithout(commit, gone) : commit;
  const outcomes = withCommit(fromLists(recipients.length, null, []), {
    ...commit,
    failed: commit.failures,
  });
  const { ids } = pack(redacted(recipients, gone));
  const { names } = left;
  const more = { ...(quiet && { quiet }), ...(names && { names }) };
  return {
    chunk: { id, provider, environment, ids, outcomes, ...more },
    commit: left,
  };
}

type MakeEvent = (seq: number) => CampaignEvent;

/**
 * The timeline of a closed message: accepted, started, closed; each as a function of its number.
 * `campaign` is the closed one.
 */
export function messageEvents(
  campaign: Campaign,
  { startedAt, counts }: Outcome,
): [accepted: MakeEvent, started: MakeEvent, closed: MakeEvent] {
  const open: Campaign = { ...campaign, reason: null, closedAt: null };
  return [
    (seq) => acceptedEvent({ ...open, state: 'accepted' }, seq),
    (seq) => startedEvent({ ...open, state: 'running' }, startedAt, seq),
    (seq) => closedEvent(campaign, counts, seq),
  ];
}
