/** The form as it is written: the draft, what the API says of it, and how it would look. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { CheckedView } from '../../../http/check.ts';
import { api, type Problem } from '../../api/client.ts';
import { isFinal, pauseFor } from '../../api/resource.ts';
import { renewed } from '../../session/session.ts';
import type { Draft } from './draft/draft.ts';
import { forget, type Kept, keep } from './draft/keep.ts';
import { type Fault, type Written, written } from './draft/request.ts';
import { type Pictures, picturesOf } from './preview/pictures.ts';

export interface Compose {
  draft: ReadonlySignal<Draft>;
  /** the requests that the form stands for */
  written: ReadonlySignal<Written>;
  /** Changes the draft, keeps it, and asks the API what it says. */
  change(how: (draft: Draft) => Partial<Draft>): void;
  /** the language that is written and shown; '' is the default */
  language: Signal<string>;
  /** why it would be refused, by path in the request of a campaign; null before the first answer */
  faults: ReadonlySignal<Fault[] | null>;
  /** the request that these faults are of */
  checked: ReadonlySignal<Written | null>;
  /** Shows faults that the API found only when it was sent, until the next change. */
  refuse(faults: Fault[]): void;
  /** true if the API would refuse the message as it is: what is shown is of an earlier draft */
  isStale: ReadonlySignal<boolean>;
  /** why the API could not be asked */
  problem: ReadonlySignal<Problem | null>;
  pictures: ReadonlySignal<Pictures | null>;
  /** ms when it was kept last; null: it is empty; 'no': there is no room for it */
  kept: ReadonlySignal<number | null | 'no'>;
  /** fields that were left once */
  touched: Signal<ReadonlySet<string>>;
  /** the Idempotency-Key of the campaign that this draft becomes */
  key: ReadonlySignal<string>;
  /** Makes another campaign of a draft that was sent. */
  asNew(random?: () => string): void;
  /** The draft is a campaign now: it is not kept any more. */
  done(): void;
  stop(): void;
}

/** ms of silence until the API is asked. */
const QUIET_MS = 250;
/** ms until it is asked again if it did not answer. */
const AGAIN_MS = 2_000;

export function createCompose(from: Kept): Compose {
  const draft = signal(from.draft);
  const key = signal(from.key);
  const language = signal('');
  const requests = computed(() => written(draft.value));
  const kept = signal<number | null | 'no'>(from.isOld ? from.savedAt : null);
  const end = new AbortController();
  let isDone = false;
  const asking = createAsking(requests, { draft, language, end: end.signal });

  const save = () => {
    if (!isDone) kept.value = keep(from.id, draft.value, key.value);
  };
  let saving: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    if (saving !== undefined) save();
    clearTimeout(saving);
    saving = undefined;
  };
  addEventListener('pagehide', flush);
  asking.ask();
  const stopLanguage = language.subscribe(() => asking.ask());
  return {
    draft,
    written: requests,
    change(how) {
      draft.value = { ...draft.value, ...how(draft.value) };
      saving ??= setTimeout(flush, QUIET_MS);
      asking.ask();
    },
    language,
    faults: asking.faults,
    checked: asking.checked,
    refuse(found) {
      asking.faults.value = found.map((it) => ({ ...it, path: inCampaign(it.path) }));
    },
    isStale: asking.isStale,
    problem: asking.problem,
    pictures: asking.pictures,
    kept,
    touched: signal(new Set()),
    key,
    asNew(random = () => crypto.randomUUID()) {
      key.value = random();
      save();
    },
    done() {
      isDone = true;
      forget(from.id);
    },
    stop() {
      flush();
      removeEventListener('pagehide', flush);
      stopLanguage();
      end.abort();
      from.release();
    },
  };
}

interface Asked {
  draft: ReadonlySignal<Draft>;
  language: ReadonlySignal<string>;
  end: AbortSignal;
}

/** Asks after a silence; an answer to an earlier question is dropped. */
function createAsking(requests: ReadonlySignal<Written>, { draft, language, end }: Asked) {
  const faults = signal<Fault[] | null>(null);
  const checked = signal<Written | null>(null);
  const isStale = signal(false);
  const problem = signal<Problem | null>(null);
  const pictures = signal<Pictures | null>(null);
  let current = new AbortController();
  /** what the pictures show */
  let shownFor = '';

  async function show(request: Written, signal: AbortSignal) {
    const as = { samples: draft.value.samples, language: language.value };
    const asked = JSON.stringify([request.campaign.app, request.campaign.message, as]);
    if (asked === shownFor && pictures.value) return pictures.value;
    const found = await picturesOf(request, as, signal);
    if (!('problem' in found)) shownFor = asked;
    return found;
  }

  async function askNow(mine: AbortSignal): Promise<void> {
    await pauseFor(QUIET_MS, mine);
    while (!mine.aborted) {
      const request = requests.value;
      const found = await check(request, mine);
      if (mine.aborted) return;
      if ('problem' in found) problem.value = found.problem;
      else {
        const shown = isShowable(found) ? await show(request, mine) : null;
        if (mine.aborted) return;
        batch(() => {
          faults.value = found;
          checked.value = request;
          problem.value = shown && 'problem' in shown ? shown.problem : null;
          if (shown && !('problem' in shown)) pictures.value = shown;
          isStale.value = shown === null;
        });
        if (problem.value === null) return;
      }
      if (isFinal(problem.value)) return;
      if (problem.value.status === 401) await renewed(mine);
      else await pauseFor(AGAIN_MS, mine);
    }
  }

  return {
    faults,
    checked,
    isStale,
    problem,
    pictures,
    ask() {
      current.abort();
      current = new AbortController();
      void askNow(AbortSignal.any([current.signal, end]));
    },
  };
}

/**
 * A message whose form is wrong cannot be shown, nor that of an app without credentials. One that is too
 * large, or of an unfinished campaign, can.
 */
const isShowable = (faults: (Fault & { status: number })[]) =>
  !faults.some(({ path, status }) => path === 'app' || (status === 400 && /^message\b/.test(path)));

/** The faults by their paths in a campaign; those of the schedule around it keep theirs. */
async function check(
  { campaign, schedule, faults: own }: Written,
  signal: AbortSignal,
): Promise<(Fault & { status: number })[] | { problem: Problem }> {
  const path = schedule ? '/v1/schedules:check' : '/v1/campaigns:check';
  const answer = await api.post<CheckedView>(path, schedule ?? campaign, { signal });
  if (!answer.ok && answer.problem.faults === undefined) return { problem: answer.problem };
  const told = answer.ok
    ? answer.value.faults
    : (answer.problem.faults ?? []).map((it) => ({ ...it, status: 400 }));
  // a campaign without a name has its title: as long as there is no text at all, that is what is missing
  const isNameless = told.some(({ path }) => inCampaign(path) === 'message');
  const isOwn = (it: string) => own.some(({ path }) => it === path || it.startsWith(`${path}.`));
  return [
    ...own.map((it) => ({ ...it, status: 400 })),
    ...told
      .map((it) => ({ ...it, path: inCampaign(it.path) }))
      .filter(({ path }) => !isOwn(path) && !(isNameless && path === 'name')),
  ];
}

/** `campaign.message.title` of a schedule is `message.title`. Its own name is the campaign's. */
const inCampaign = (path: string) => path.replace(/^campaign\./, '');
