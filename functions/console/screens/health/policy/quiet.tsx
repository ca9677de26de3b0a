/** When no campaign of an app reaches a device, and the zone of devices that tell none. */

import { Field, faultsAt } from '../../../parts/field.tsx';
import { ZoneList } from '../../../parts/zone-list.tsx';
import { texts } from '../../../texts/texts.ts';
import type { PartProps } from './draft.ts';

const words = texts.policy.quiet;

export function QuietFields({ draft, change, problem }: PartProps) {
  const { isQuiet, defaultZone } = draft;
  return (
    <>
      <fieldset class="ticks">
        <legend>{words.title}</legend>
        <label>
          <input type="checkbox" checked={isQuiet} onChange={() => change({ isQuiet: !isQuiet })} />
          <span>{words.enabled}</span>
        </label>
        <p class="hint">{words.more}</p>
      </fieldset>
      {isQuiet && (
        <div class="halves">
          {(['from', 'to'] as const).map((end) => (
            <Field key={end} label={words[end]} faults={faultsAt(problem, `quiet.${end}`)}>
              {(ids) => (
                <input
                  {...ids}
                  type="time"
                  required
                  value={draft[end]}
                  onInput={({ currentTarget }) => change({ [end]: currentTarget.value })}
                />
              )}
            </Field>
          ))}
        </div>
      )}
      <Field label={words.zone} hint={words.zoneMore} faults={faultsAt(problem, 'defaultZone')}>
        {(ids) => (
          <input
            {...ids}
            type="text"
            required
            list="zones"
            autocomplete="off"
            value={defaultZone}
            onInput={({ currentTarget }) => change({ defaultZone: currentTarget.value })}
          />
        )}
      </Field>
      <ZoneList />
    </>
  );
}
