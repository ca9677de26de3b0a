/** Values for the variables of the message, to see it with them. */

import { Field } from '../../../parts/field.tsx';
import { texts } from '../../../texts/texts.ts';
import { useCompose } from '../parts.tsx';

const words = texts.compose.preview;

/** As the API allows. */
const MOST = 20;
const PLACE = /\{\{ *([\w.-]{1,64}) *(\|[^{}]*)?\}\}/g;

export function Samples() {
  const { draft, written, change } = useCompose();
  const { samples, options } = draft.value;
  if (options.literal) return null;
  const names = variablesIn(JSON.stringify(written.value.campaign.message));
  if (names.size === 0) return null;
  return (
    <fieldset class="samples">
      <legend>{words.samples}</legend>
      {[...names].map(([name, hasDefault]) => (
        <Field
          key={name}
          label={name}
          hint={hasDefault || samples[name] ? undefined : words.noValue}
        >
          {(ids) => (
            <input
              {...ids}
              value={samples[name] ?? ''}
              autocomplete="off"
              dir="auto"
              maxLength={256}
              onInput={(event) => {
                const { value } = event.currentTarget;
                change((it) => ({ samples: withSample(it.samples, name, value) }));
              }}
            />
          )}
        </Field>
      ))}
    </fieldset>
  );
}

/** The names of variables; true: it has a default everywhere. */
function variablesIn(json: string): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const [, name, fallback] of json.matchAll(PLACE)) {
    if (found.size === MOST) break;
    found.set(name!, (found.get(name!) ?? true) && fallback !== undefined);
  }
  return found;
}

/** An empty value is none: the default is shown. */
function withSample(samples: Record<string, string>, name: string, value: string) {
  const { [name]: _, ...rest } = samples;
  return value === '' ? rest : { ...rest, [name]: value };
}
