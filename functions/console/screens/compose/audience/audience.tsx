/** Who gets it. */

import { Button } from '../../../parts/button.tsx';
import { texts } from '../../../texts/texts.ts';
import { TextField, useCompose } from '../parts.tsx';

const words = texts.compose.audience;

export function AudiencePart() {
  const { draft, change } = useCompose();
  const { audience } = draft.value;
  return (
    <section class="card part" aria-labelledby="part-audience">
      <h2 id="part-audience">{words.heading}</h2>
      <TextField
        path="audience"
        label={words.json}
        hint={words.jsonHint}
        rows={6}
        isCode
        value={audience.json}
        onValue={(json) => change(() => ({ audience: { ...audience, mode: 'json', json } }))}
      />
      <div>
        <Button
          small
          onClick={() =>
            change(() => ({ audience: { ...audience, mode: 'json', json: EVERYBODY } }))
          }
        >
          {words.everybody}
        </Button>
      </div>
    </section>
  );
}

const EVERYBODY = '{ "everybody": true }';
