/** A campaign is written: what people see, who gets it, and when. Nothing is sent before the last sheet. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso/router';
import type { AppView } from '../../../http/apps.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { api, type Problem } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { ProblemNote } from '../../parts/problem.tsx';
import { useTitle } from '../../parts/title.ts';
import { TextField } from '../../parts/typed.tsx';
import { ifMay, MAY_LOOK } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { AudiencePart } from './audience/audience.tsx';
import { DeliveryPart } from './delivery/delivery.tsx';
import { draftOf } from './draft/copy.ts';
import { type Kept, newDraft, openDraft } from './draft/keep.ts';
import { nameOf } from './draft/request.ts';
import { Head } from './head.tsx';
import { MessagePart } from './message/message.tsx';
import { ComposeProvider, useCompose } from './parts.tsx';
import { Preview } from './preview/preview.tsx';
import { Checks } from './send/checks.tsx';
import { type Compose, createCompose } from './state.ts';

const words = texts.compose;

export default function ComposeScreen() {
  useTitle(words.title);
  const { from } = useRoute().query;
  const compose = useSignal<Compose | null>(null);
  const problem = useSignal<Problem | null>(null);
  const begin = (kept: Kept) => {
    compose.value?.stop();
    compose.value = createCompose(kept);
  };
  useEffect(() => {
    let isGone = false;
    void draftFor(from).then((found) => {
      if ('problem' in found) problem.value = found.problem;
      else if (isGone) found.release();
      else begin(found);
    });
    return () => {
      isGone = true;
      compose.value?.stop();
    };
  }, [from]);
  if (problem.value) return <ProblemNote problem={problem.value} />;
  if (!compose.value)
    return (
      <h1 class="unseen" aria-busy="true">
        {words.title}
      </h1>
    );
  return (
    <ComposeProvider value={compose.value}>
      <Head onDiscard={() => void newDraft().then(begin)} />
      <div class="compose">
        <div class="form">
          <NamePart />
          <MessagePart />
          <AudiencePart />
          <DeliveryPart />
          <Checks />
        </div>
        <Preview />
      </div>
    </ComposeProvider>
  );
}

/** The draft that goes on, or one made from a campaign. */
async function draftFor(from: string | undefined): Promise<Kept | { problem: Problem }> {
  if (from === undefined) return openDraft();
  const answer = await api.get<CampaignView>(`/v1/campaigns/${encodeURIComponent(from)}`);
  if (!answer.ok) return { problem: answer.problem };
  // a reload goes on with the draft, and does not copy again
  history.replaceState(null, '', location.pathname);
  return newDraft(draftOf(answer.value));
}

function NamePart() {
  const { draft, change } = useCompose();
  const { name, app } = draft.value;
  const found = useResource<{ items: AppView[] }>(ifMay('/v1/apps?limit=100', ...MAY_LOOK));
  const apps = found.value.value?.items ?? [];
  const isPaused = apps.some((it) => it.app === app && it.paused !== null);
  return (
    <div class="two names">
      <TextField
        path="name"
        label={words.name}
        placeholder={nameOf(draft.value) ?? words.namePlaceholder}
        dir="auto"
        value={name}
        onValue={(it) => change(() => ({ name: it }))}
      />
      <TextField
        path="app"
        label={words.app}
        value={app}
        list="apps"
        hint={isPaused ? words.appPaused : words.appHint}
        onValue={(it) => change(() => ({ app: it }))}
      />
      <datalist id="apps">
        {apps.map((it) => (
          <option key={it.app} value={it.app} />
        ))}
      </datalist>
    </div>
  );
}
