/** What is the same in all languages, and rarely set: folded away. */

import { SelectField, TextField } from '../../../parts/typed.tsx';
import { texts } from '../../../texts/texts.ts';
import type { Options } from '../draft/draft.ts';
import { Check, useCompose } from '../parts.tsx';
import { Folded } from './folded.tsx';

const words = texts.compose.options;

export function OptionFields() {
  const { draft, change } = useCompose();
  const { options } = draft.value;
  const set = (part: Partial<Options>) => change((it) => ({ options: { ...it.options, ...part } }));
  const used = Object.values(options).filter((it) => it !== '' && it !== false).length;
  const text = (name: TextName, more: { list?: string; rows?: number; isCode?: boolean } = {}) => (
    <TextField
      path={`message.${name}`}
      label={words[name]}
      hint={words.hints[name]}
      value={options[name]}
      onValue={(value) => set({ [name]: value })}
      {...more}
    />
  );
  return (
    <Folded label={words.title} used={used} paths={names.map((it) => `message.${it}`)}>
      <div class="two">
        {text('badge')}
        {text('ttlSeconds')}
        <SelectField
          path="message.interruption"
          label={words.interruption}
          hint={words.hints.interruption}
          value={options.interruption}
          options={words.interruptions}
          onValue={(interruption) => set({ interruption })}
        />
        <SelectField
          path="message.priority"
          label={words.priority}
          hint={words.hints.priority}
          value={options.priority}
          options={words.priorities}
          onValue={(priority) => set({ priority })}
        />
        {text('androidChannel')}
        {text('threadId')}
        {text('actions')}
        {text('collapseId')}
        {text('category')}
        {text('analyticsLabel')}
      </div>
      <Check
        label={words.literal}
        hint={words.hints.literal}
        checked={options.literal}
        onChecked={(literal) => set({ literal })}
      />
      {text('apns', { rows: 3, isCode: true })}
      {text('fcm', { rows: 3, isCode: true })}
    </Folded>
  );
}

const names = [
  'badge',
  'ttlSeconds',
  'interruption',
  'priority',
  'androidChannel',
  'threadId',
  'actions',
  'collapseId',
  'category',
  'analyticsLabel',
  'apns',
  'fcm',
] as const;

type TextName = Exclude<(typeof names)[number], 'interruption' | 'priority'>;
