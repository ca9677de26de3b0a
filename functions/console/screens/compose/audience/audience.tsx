/** Who gets it: rows of conditions, or JSON; and how many that is. */

import { useSignal } from '@preact/signals';
import { Button } from '../../../parts/button.tsx';
import { TextField } from '../../../parts/typed.tsx';
import { texts } from '../../../texts/texts.ts';
import type { Draft } from '../draft/draft.ts';
import { Segments, useCompose } from '../parts.tsx';
import { compile } from './compile.ts';
import { Count } from './count.tsx';
import { decompile } from './decompile.ts';
import { newRow } from './fields.ts';
import { type Field, noGroup } from './group.ts';
import { GroupBox } from './rows.tsx';
import { SaveSegment } from './save.tsx';

const words = texts.compose.audience;

export function AudiencePart() {
  const { draft, change } = useCompose();
  const { audience } = draft.value;
  const isOdd = useSignal(false);
  const choose = (mode: Draft['audience']['mode']) => {
    const next = inMode(audience, mode);
    isOdd.value = next === null;
    if (next) change(() => ({ audience: next }));
  };
  const isEmpty = audience.group.items.length === 0;
  return (
    <section class="card part" aria-labelledby="part-audience" data-path="audience" tabIndex={-1}>
      <header>
        <h2 id="part-audience">{words.heading}</h2>
        <Segments
          label={words.mode}
          name="mode"
          value={audience.mode}
          options={words.modes}
          onValue={choose}
        />
      </header>
      {isOdd.value && <p class="hint">{words.odd}</p>}
      {audience.mode === 'json' ? (
        <TextField
          path="audience"
          label={words.json}
          hint={words.jsonHint}
          rows={6}
          isCode
          value={audience.json}
          onValue={(json) => change(() => ({ audience: { ...audience, json } }))}
        />
      ) : isEmpty ? (
        <Begin />
      ) : (
        <GroupBox group={audience.group} />
      )}
      <WholeFaults />
      <footer>
        <Count />
        {!isEmpty && <SaveSegment />}
      </footer>
    </section>
  );
}

/** Null: the JSON cannot be said in rows. */
function inMode(audience: Draft['audience'], mode: Draft['audience']['mode']) {
  if (mode === 'json') {
    const { items } = audience.group;
    const json =
      items.length === 0 ? '' : JSON.stringify(compile(audience.group).audience, null, 2);
    return { ...audience, mode, json };
  }
  if (audience.json.trim() === '') return { ...audience, mode, group: noGroup() };
  try {
    const group = decompile(JSON.parse(audience.json));
    return group && { ...audience, mode, group };
  } catch {
    return null;
  }
}

/** Of an audience that has rows, and is at fault as a whole. */
function WholeFaults() {
  const { draft, faults } = useCompose();
  const { mode, group } = draft.value.audience;
  if (mode === 'json' || group.items.length === 0) return null;
  const whole = (faults.value ?? []).filter(({ path }) => path === 'audience');
  return whole.length === 0 ? null : <p class="fault">{whole.map((it) => it.message).join(' ')}</p>;
}

const firsts: readonly Field[] = ['everybody', 'language', 'tags', 'segment', 'userIds'];

/** Nothing is chosen yet: the usual ways to begin. */
function Begin() {
  const { change } = useCompose();
  return (
    <div class="first-condition">
      <p class="muted">{words.begin}</p>
      <div>
        {firsts.map((field) => (
          <Button
            key={field}
            small
            onClick={() =>
              change(({ audience }) => ({
                audience: { ...audience, group: noGroup('all', [newRow(field)]) },
              }))
            }
          >
            {words.firsts[field as keyof typeof words.firsts]}
          </Button>
        ))}
      </div>
    </div>
  );
}
