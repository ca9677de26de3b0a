/** Whether the pushes of an app ask for receipts, and how many devices report a delivery. */

import { Field, faultsAt } from '../../../parts/field.tsx';
import { texts } from '../../../texts/texts.ts';
import type { PartProps } from './draft.ts';

const words = texts.policy.receipts;
/** The API takes four decimals of a share: two of a percentage. */
const STEP = 0.01;

export function ReceiptFields({ draft: { enabled, delivered }, change, problem }: PartProps) {
  return (
    <>
      <fieldset class="ticks">
        <legend>{words.title}</legend>
        <label>
          <input type="checkbox" checked={enabled} onChange={() => change({ enabled: !enabled })} />
          <span>{words.enabled}</span>
        </label>
        <p class="hint">{words.more}</p>
      </fieldset>
      {enabled && (
        <Field
          label={words.delivered}
          hint={words.deliveredMore}
          faults={faultsAt(problem, 'receipts.delivered')}
        >
          {(ids) => (
            <input
              {...ids}
              type="number"
              required
              min={0}
              max={100}
              step={STEP}
              value={delivered}
              onInput={({ currentTarget }) => change({ delivered: currentTarget.value })}
            />
          )}
        </Field>
      )}
    </>
  );
}
