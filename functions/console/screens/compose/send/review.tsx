/** The last sheet: how many people, what it takes, what is wrong; then it is sent. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { EstimateView } from '../../../../http/campaigns/estimate.ts';
import { MANY } from '../../../../model/audience/many.ts';
import { api, type Problem } from '../../../api/client.ts';
import { count } from '../../../format.ts';
import { Button } from '../../../parts/button.tsx';
import { Dialog } from '../../../parts/dialog.tsx';
import { Field } from '../../../parts/field.tsx';
import { ProblemNote } from '../../../parts/problem.tsx';
import { whyNot } from '../../../session/session.ts';
import { texts } from '../../../texts/texts.ts';
import { useCompose } from '../parts.tsx';
import { reasonOf } from './checks.tsx';
import { Estimate } from './estimate.tsx';
import { type Sent, send } from './send.ts';

const words = texts.compose.sheet;

export function ReviewButton() {
  const { faults, problem, draft } = useCompose();
  const isOpen = useSignal(false);
  const found = faults.value;
  const reason =
    whyNot('campaigns') ??
    (found === null
      ? (problem.value?.detail ?? words.checking)
      : found.length > 0
        ? reasonOf(found)
        : null);
  return (
    <>
      <Button
        kind="primary"
        whyNot={reason}
        onClick={() => {
          isOpen.value = true;
        }}
      >
        {words.open[draft.value.when.kind]}
      </Button>
      {isOpen.value && (
        <Sheet
          onClose={() => {
            isOpen.value = false;
          }}
        />
      )}
    </>
  );
}

/** What has to be typed; null: nothing. As `volley send` asks. */
function neededWord(audience: unknown, isDryRun: boolean, installations: number): string | null {
  const { topic, condition, userIds, installationIds, tokens } = (audience ?? {}) as Record<
    string,
    unknown
  >;
  if (isDryRun || userIds || installationIds || tokens) return null;
  if (topic !== undefined || condition !== undefined) return words.yes;
  return installations < MANY ? null : count(installations);
}

/** Its local time, if it has one. */
const localOf = (schedule: unknown) => (schedule as { local?: string } | undefined)?.local;

/** Thousands may be separated as people do. */
const plain = (text: string) => text.replaceAll(/[\s.,'_]/g, '').toLowerCase();

function Sheet({ onClose }: { onClose: () => void }) {
  const compose = useCompose();
  const { route } = useLocation();
  const estimate = useSignal<EstimateView | null>(null);
  const problem = useSignal<Problem | null>(null);
  const typed = useSignal('');
  const isBusy = useSignal(false);
  const sent = useSignal<Sent | null>(null);
  const { campaign } = compose.written.value;

  async function look() {
    problem.value = null;
    const answer = await api.post<EstimateView>('/v1/audiences:estimate', campaign);
    if (answer.ok) estimate.value = answer.value;
    else problem.value = answer.problem;
  }
  useEffect(() => void look(), []);

  async function sendNow() {
    if (isBusy.value) return;
    isBusy.value = true;
    const found = await send(compose);
    isBusy.value = false;
    if (found.kind === 'sent') {
      compose.done();
      route(found.path);
    } else if (found.kind === 'refused' && found.problem.faults) {
      compose.refuse(found.problem.faults);
      onClose();
    } else sent.value = found;
  }

  const found = estimate.value;
  const needed =
    found && neededWord(campaign.audience, campaign.dryRun === true, found.installations);
  const reason =
    found === null
      ? words.counting
      : needed !== null && plain(typed.value) !== plain(needed)
        ? words.typeIt(needed)
        : null;
  return (
    <Dialog title={words.title[compose.draft.value.when.kind]} onClose={onClose}>
      {problem.value ? (
        <ProblemNote problem={problem.value}>
          <div>
            <Button small onClick={() => void look()}>
              {texts.shell.tryAgain}
            </Button>
          </div>
        </ProblemNote>
      ) : (
        <Estimate estimate={found} local={localOf(campaign.schedule)} />
      )}
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason === null) void sendNow();
        }}
      >
        {needed !== null && (
          <Field label={words.type(needed)}>
            {(ids) => (
              <input
                {...ids}
                value={typed}
                autocomplete="off"
                inputMode={needed === words.yes ? 'text' : 'numeric'}
                onInput={(event) => {
                  typed.value = event.currentTarget.value;
                }}
              />
            )}
          </Field>
        )}
        {sent.value && (
          <Failure
            sent={sent.value}
            onNew={() => {
              compose.asNew();
              sent.value = null;
            }}
          />
        )}
        <div class="actions">
          <Button onClick={onClose}>{words.back}</Button>
          <Button kind="primary" type="submit" busy={isBusy.value} whyNot={reason}>
            {sent.value?.kind === 'lost' ? words.again : words.send[compose.draft.value.when.kind]}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Failure({ sent, onNew }: { sent: Sent; onNew: () => void }) {
  if (sent.kind === 'before')
    return (
      <div class="note warn" role="alert">
        <p>{words.before}</p>
        <div>
          <Button small onClick={onNew}>
            {words.asNew}
          </Button>
        </div>
      </div>
    );
  if (sent.kind === 'lost')
    return (
      <div class="note warn" role="alert">
        <p>
          <strong>{sent.problem.detail}</strong> {words.lost}
        </p>
      </div>
    );
  return sent.kind === 'refused' ? <ProblemNote problem={sent.problem} /> : null;
}
