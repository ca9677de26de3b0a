/** What happened to one device in one campaign, in the order of time. */

import { descriptionOf } from '../../model/provider/registry.ts';
import { beginOf } from '../../model/timing.ts';
import type { Absence } from './absence.ts';
import { type Delivery, isLeftOut, waitingOf } from './delivery.ts';
import { type Facts, localText, type Step } from './facts.ts';

/** The steps; those whose time is not known stay behind what came before them. */
export function timelineOf(
  facts: Facts,
  { delivery, absence }: { delivery: Delivery | null; absence: Absence | null },
): Step[] {
  const steps = [
    ...beginning(facts),
    ...(absence ? readStep(absence) : []),
    ...(delivery ? deliverySteps(facts, delivery) : []),
    ...ending(facts),
  ];
  const registered = registeredStep(facts);
  return registered ? inserted(steps, registered) : steps;
}

function beginning({ campaign }: Facts): Step[] {
  const { name, createdAt, schedule } = campaign;
  const begin = beginOf(campaign);
  const created: Step = {
    at: createdAt,
    kind: 'created',
    text: `The campaign “${name}” is accepted.`,
  };
  if (begin === createdAt) return [created];
  const text = schedule?.at !== begin ? 'It begins, after its canary.' : timeComes(schedule);
  return [created, { at: begin, kind: 'planned', text }];
}

const timeComes = ({ local }: NonNullable<Facts['campaign']['schedule']>) =>
  local === undefined ? 'Its time comes.' : `The first clocks show ${localText(local)}.`;

const readStep = ({ readBy }: Absence): Step[] =>
  readBy === null
    ? []
    : [{ at: readBy, kind: 'planned', text: 'Its part of the audience is read, without it.' }];

function deliverySteps(facts: Facts, it: Delivery): Step[] {
  const { chunkId, index, size, shard, frozenAt } = it;
  const frozen: Step = {
    at: frozenAt,
    kind: 'frozen',
    text: `It is in the audience: frozen in shard ${shard}, chunk ${chunkId}, as ${index + 1} of ${size}.`,
  };
  return [frozen, ...turnStep(facts, it), ...handedOver(facts, it), ...answered(facts, it)];
}

/** Its wave begins. */
function turnStep({ campaign, found, now }: Facts, { shard, state }: Delivery): Step[] {
  const wave = found.shards.find((it) => it.index === shard)?.wave;
  if (!wave || state === 'late' || wave.zones === 'movers' || wave.at > now) return [];
  const { local } = campaign.schedule ?? {};
  if (!wave.isHeld && local === undefined) return [];
  const text = wave.isHeld
    ? 'The quiet hours of its zone are over.'
    : `Its clock shows ${localText(local)}.`;
  return [{ at: wave.at, kind: 'turn', text }];
}

const attemptsText = ({ attempts }: Delivery) =>
  attempts === 1 ? 'in the first attempt' : `in one of ${attempts} attempts`;

const idText = ({ pushId }: Delivery) => (pushId ? `, ${pushId.header} ${pushId.value}` : '');

/**
 * A skipped push, and one that expired, never left. Of the attempts at a chunk only the last one's time is
 * kept, and a push that has its outcome may have got that in any.
 */
function handedOver({ campaign }: Facts, it: Delivery): Step[] {
  const { state, attempts, failure, provider, environment } = it;
  const isSkipped = campaign.dryRun ? !it.isChecked : state === 'skipped' || isLeftOut(state);
  const neverLeft = isSkipped || failure?.reason === 'Expired';
  if (neverLeft || (state === 'open' && attempts === 0)) return [];
  const { title, environments } = descriptionOf(provider);
  const where = environments.length > 1 ? `${title} (${environment})` : title;
  const id = it.pushName === null ? idText(it) : '';
  const which = failure ? `in attempt ${attempts}` : attemptsText(it);
  const isOpen = state === 'open' || state === 'in-doubt';
  const isOfLast = isOpen || (failure ? attempts === it.attempt : attempts === 1);
  const verb = campaign.dryRun ? 'given, to be checked,' : 'handed over';
  const text =
    state === 'open'
      ? `Its chunk is ${verb} to ${where}, attempt ${attempts}.`
      : `It is ${verb} to ${where} ${which}${id}.`;
  return [{ at: isOfLast ? it.claimedAt : null, kind: 'handed-over', text }];
}

function answered(facts: Facts, it: Delivery): Step[] {
  const { state, failure, settledBy: at, meaning, provider } = it;
  const { title } = descriptionOf(provider);
  if (failure) {
    const detail = failure.detail ? ` (${failure.detail})` : '';
    const expired = failure.reason === 'Expired';
    const text = expired
      ? `It failed: ${meaning}`
      : `${title} answers ${failure.reason}${detail}. ${meaning}`;
    const failed: Step = { at: failure.at, kind: 'failed', text };
    if (!failure.pruned) return [failed];
    return [
      failed,
      { at: failure.at, kind: 'pruned', text: 'The installation is removed: its token is dead.' },
    ];
  }
  const { dryRun } = facts.campaign;
  const name = it.pushName === null ? '' : idText(it);
  if (state === 'accepted')
    return [{ at, kind: 'accepted', text: `${title} accepts the push${name}.` }];
  if (state === 'skipped') {
    const why = dryRun ? 'a dry run sends nothing' : 'the campaign is cancelled';
    return [{ at, kind: 'skipped', text: `It is skipped: ${why}.` }];
  }
  if (state === 'capped' || state === 'late') {
    const why = state === 'late' ? 'its local time had passed' : 'it is over a cap of its app';
    return [{ at: it.frozenAt, kind: 'skipped', text: `It is skipped: ${why}.` }];
  }
  if (state === 'open' || state === 'in-doubt')
    return [{ at: facts.now, kind: 'waiting', text: waitingOf(facts, it).summary }];
  return [{ at, kind: 'failed', text: 'It has an outcome that is no longer known.' }];
}

const ending = ({ campaign: { state, closedAt } }: Facts): Step[] =>
  closedAt === null ? [] : [{ at: closedAt, kind: 'closed', text: `The campaign is ${state}.` }];

function registeredStep({ installation }: Facts): Step | null {
  if (installation === null) return null;
  const { refreshedAt: at } = installation;
  return { at, kind: 'registered', text: 'Its app last registered.' };
}

/** Before the first step that is later. */
function inserted(steps: Step[], step: Step): Step[] {
  const later = steps.findIndex((it) => it.at !== null && it.at > step.at!);
  return later === -1 ? [...steps, step] : steps.toSpliced(later, 0, step);
}
