/** Groups of conditions. */

import { Button } from '../../../parts/button.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { texts } from '../../../texts/texts.ts';
import { useCompose, useFaultsAt } from '../parts.tsx';
import { fieldKinds, fieldNames, hasValue, newRow, opsOf } from './fields.ts';
import { type Field, type Group, type Item, noGroup, type Row } from './group.ts';
import { replaced } from './tree.ts';
import { Value } from './value.tsx';

const words = texts.compose.audience;

/** Levels of groups that can be made here; deeper ones are shown if they are there. */
const DEEPEST = 3;

/** Changes the item of an id; null removes it. */
function useChange() {
  const { change } = useCompose();
  return (id: string, how: (item: Item) => Item | null) =>
    change(({ audience }) => {
      const { group } = audience;
      const next = group.id === id ? how(group) : replaced(group, id, how);
      return { audience: { ...audience, group: (next as Group | null) ?? noGroup() } };
    });
}

export function GroupBox({ group, depth = 0 }: { group: Group; depth?: number }) {
  const change = useChange();
  const faults = useFaultsAt(group.id, true);
  const isOuter = depth === 0;
  const add = (item: Item) =>
    change(group.id, (it) => ({ ...(it as Group), items: [...(it as Group).items, item] }));
  return (
    <fieldset class={isOuter ? 'group' : 'group inner'}>
      <legend class="unseen">{words.group}</legend>
      {(group.items.length > 1 || !isOuter || group.holds !== 'all') && (
        <div class="group-head">
          <select
            aria-label={words.holds}
            value={group.holds}
            onChange={(event) => {
              const holds = event.currentTarget.value as Group['holds'];
              change(group.id, (it) => ({ ...(it as Group), holds }));
            }}
          >
            {Object.entries(words.holding).map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
          {!isOuter && (
            <Button kind="quiet" small onClick={() => change(group.id, () => null)}>
              {words.removeGroup}
            </Button>
          )}
        </div>
      )}
      {group.items.map((it) =>
        it.kind === 'group' ? (
          <GroupBox key={it.id} group={it} depth={depth + 1} />
        ) : (
          <RowBox key={it.id} row={it} isOuter={isOuter} />
        ),
      )}
      {faults.length > 0 && !isOuter && <p class="fault">{faults.join(' ')}</p>}
      <div class="group-foot">
        <Button small onClick={() => add(newRow('language'))}>
          <Icon name="plus" /> {words.addRow}
        </Button>
        {depth < DEEPEST - 1 && (
          <Button kind="quiet" small onClick={() => add(noGroup('any', [newRow('language')]))}>
            <Icon name="plus" /> {words.addGroup}
          </Button>
        )}
      </div>
    </fieldset>
  );
}

function RowBox({ row, isOuter }: { row: Row; isOuter: boolean }) {
  const change = useChange();
  const { written } = useCompose();
  const faults = useFaultsAt(row.id);
  const set = (part: Partial<Row>) => change(row.id, (it) => ({ ...(it as Row), ...part }));
  const ops = opsOf(row.field);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset in each line would be announced at each step
    <div
      class="condition"
      role="group"
      aria-label={words.row}
      data-path={written.value.paths.get(row.id)}
      tabIndex={-1}
    >
      <select
        aria-label={words.field}
        value={row.field}
        onChange={(event) => {
          const { op, value } = newRow(event.currentTarget.value as Field);
          set({ field: event.currentTarget.value as Field, op, value });
        }}
      >
        {fieldNames.map((it) =>
          isOuter || !fieldKinds[it].isOuter || it === row.field ? (
            <option key={it} value={it}>
              {words.fields[it]}
            </option>
          ) : null,
        )}
      </select>
      {row.field === 'attributes' && (
        <input
          aria-label={words.attribute}
          placeholder={words.attributePlaceholder}
          value={row.name}
          autocomplete="off"
          onInput={(event) => set({ name: event.currentTarget.value })}
        />
      )}
      {Object.keys(ops).length > 1 && (
        <select
          class="op"
          aria-label={words.operator}
          value={row.op}
          onChange={(event) => set({ op: event.currentTarget.value })}
        >
          {Object.entries(ops).map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      )}
      {hasValue(row) ? (
        <Value row={row} isWrong={faults.length > 0} set={set} />
      ) : (
        <span class="grow" />
      )}
      <button
        type="button"
        class="button quiet small"
        aria-label={words.removeRow(words.fields[row.field])}
        onClick={() => change(row.id, () => null)}
      >
        ×
      </button>
      {faults.length > 0 && row.value !== '' && <p class="fault">{faults.join(' ')}</p>}
    </div>
  );
}
