/** The head of the form: whether the draft is kept, a test, and the way to the last sheet. */

import { useSignal } from '@preact/signals';
import { serverNow } from '../../api/client.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Time } from '../../parts/time.tsx';
import { texts } from '../../texts/texts.ts';
import { useCompose } from './parts.tsx';
import { ReviewButton } from './send/review.tsx';
import { TestButton } from './send/test.tsx';

const words = texts.compose;

export function Head({ onDiscard }: { onDiscard: () => void }) {
  return (
    <header class="head compose-head">
      <h1>{words.title}</h1>
      <Kept onDiscard={onDiscard} />
      <TestButton />
      <ReviewButton />
    </header>
  );
}

function Kept({ onDiscard }: { onDiscard: () => void }) {
  const { kept, done } = useCompose();
  const isAsking = useSignal(false);
  const at = kept.value;
  if (at === null) return null;
  return (
    <>
      <p class="kept">
        {at === 'no' ? (
          <span class="fault">{words.notKept}</span>
        ) : (
          <>
            {words.kept} <Time at={new Date(serverNow(at)).toISOString()} />
          </>
        )}
      </p>
      <Button
        kind="quiet"
        onClick={() => {
          isAsking.value = true;
        }}
      >
        {words.discard}
      </Button>
      {isAsking.value && (
        <Dialog
          title={words.discardTitle}
          onClose={() => {
            isAsking.value = false;
          }}
        >
          <p>{words.discardMore}</p>
          <div class="actions">
            <Button
              onClick={() => {
                isAsking.value = false;
              }}
            >
              {words.discardNot}
            </Button>
            <Button
              kind="danger"
              onClick={() => {
                done();
                onDiscard();
              }}
            >
              {words.discard}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
