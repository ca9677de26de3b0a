/** How many campaigns of an app reach a device, and for which categories that does not hold. */

import { useId } from 'preact/hooks';
import { Button } from '../../../parts/button.tsx';
import { Field, faultsAt } from '../../../parts/field.tsx';
import { texts } from '../../../texts/texts.ts';
import type { CapDraft, PartProps } from './draft.ts';

const words = texts.policy;
/** The API takes so many. */
const MOST = 3;
const NEW: CapDraft = { max: '2', time: '24', unit: 'h' };

export function CapFields({ draft: { caps }, change, problem }: PartProps) {
  const set = (index: number, some: Partial<CapDraft>) =>
    change({ caps: caps.map((it, i) => (i === index ? { ...it, ...some } : it)) });
  return (
    <fieldset class="ticks">
      <legend>{words.caps.title}</legend>
      <p class="hint">{words.caps.more}</p>
      {caps.map((cap, index) => (
        <CapRow
          key={index}
          cap={cap}
          number={index + 1}
          faults={faultsAt(problem, `caps[${index}]`)}
          onChange={(some) => set(index, some)}
          onRemove={() => change({ caps: caps.filter((_, i) => i !== index) })}
        />
      ))}
      <div>
        <Button
          small
          whyNot={caps.length >= MOST ? words.caps.enough : null}
          onClick={() => change({ caps: [...caps, NEW] })}
        >
          {words.caps.add}
        </Button>
      </div>
    </fieldset>
  );
}

/** It holds for caps and quiet hours alike. */
export const ExemptField = ({ draft: { exempt }, change, problem }: PartProps) => (
  <Field label={words.exempt.title} hint={words.exempt.more} faults={faultsAt(problem, 'exempt')}>
    {(ids) => (
      <input
        {...ids}
        type="text"
        value={exempt}
        onInput={({ currentTarget }) => change({ exempt: currentTarget.value })}
      />
    )}
  </Field>
);

interface RowProps {
  cap: CapDraft;
  number: number;
  faults: string[];
  onChange: (some: Partial<CapDraft>) => void;
  onRemove: () => void;
}

function CapRow({ cap: { max, time, unit }, number, faults, onChange, onRemove }: RowProps) {
  const id = useId();
  const told = {
    'aria-describedby': faults.length > 0 ? id : undefined,
    'aria-invalid': faults.length > 0 || undefined,
  };
  const { caps } = words;
  return (
    <div class="cap">
      <input
        {...told}
        type="number"
        required
        min={1}
        aria-label={caps.maxOf(number)}
        value={max}
        onInput={({ currentTarget }) => onChange({ max: currentTarget.value })}
      />
      <span>{caps.within}</span>
      <input
        {...told}
        type="number"
        required
        min={1}
        aria-label={caps.timeOf(number)}
        value={time}
        onInput={({ currentTarget }) => onChange({ time: currentTarget.value })}
      />
      <select
        aria-label={caps.unitOf(number)}
        value={unit}
        onChange={({ currentTarget }) =>
          onChange({ unit: currentTarget.value as CapDraft['unit'] })
        }
      >
        <option value="h">{caps.units.h}</option>
        <option value="d">{caps.units.d}</option>
      </select>
      <Button kind="quiet" small onClick={onRemove}>
        {caps.remove}
        <span class="unseen">{caps.removed(number)}</span>
      </Button>
      {faults.length > 0 && (
        <p class="fault" id={id}>
          {faults.map((it) => (
            <span key={it}>{it}</span>
          ))}
        </p>
      )}
    </div>
  );
}
