/** An audience in words: those of the rows in which it is written. */

import {
  type AudienceCondition,
  type AudienceGroup,
  type AudiencePart,
  partsOf,
} from '../../model/audience/parts.ts';
import { dateTime } from '../format.ts';
import { texts } from '../texts/texts.ts';

const words = texts.compose.audience;
/** A template may have a field of any name, `constructor` too. */
const wordIn = (all: Record<string, string>, name: string): string | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;

/** Values shown of a list; the others are counted. */
const SHOWN = 10;

export const CampaignLink = ({ id }: { id: string }) => (
  <a href={`/console/campaigns/${encodeURIComponent(id)}`}>
    <bdi>{id}</bdi>
  </a>
);

/** `audience`: as the API says it. A template of a trigger may hold any JSON, and is shown as that then. */
export function AudienceWords({ audience }: { audience: unknown }) {
  const parts = partsOf(audience);
  if (parts === null)
    return (
      <pre>
        <bdi>{JSON.stringify(audience, null, 2)}</bdi>
      </pre>
    );
  return <All parts={parts} />;
}

function All({ parts }: { parts: AudiencePart[] }) {
  const [only] = parts;
  if (only === undefined) return <>{words.fields.everybody}</>;
  return parts.length === 1 ? <Part part={only} /> : <Group holds="all" parts={parts} />;
}

const Part = ({ part }: { part: AudiencePart }) =>
  part.kind === 'condition' ? (
    <Condition condition={part} />
  ) : part.holds === 'all' ? (
    <All parts={part.parts} />
  ) : (
    <Group holds={part.holds} parts={part.parts} />
  );

const Group = ({ holds, parts }: Pick<AudienceGroup, 'holds' | 'parts'>) => (
  <div class="all-of">
    {words.holding[holds]}
    <ul>
      {parts.map((it, i) => (
        <li key={i}>
          <Part part={it} />
        </li>
      ))}
    </ul>
  </div>
);

function Condition({ condition }: { condition: AudienceCondition }) {
  const { field, op, name, values } = condition;
  const label = wordIn(words.fields, field);
  if (field === 'everybody') return <>{label}</>;
  if (field === 'unregistered')
    return (
      <>
        {words.said.unregistered} <Values {...condition} />
      </>
    );
  if (field === 'lastSeen' && (op === 'withinDays' || op === 'notWithinDays'))
    return (
      <>
        {label} {words.said[op](String(values[0]))}
      </>
    );
  const isMissing = op === 'exists' && values[0] === false;
  return (
    <>
      {label ?? <bdi>{field}</bdi>}
      {name !== '' && (
        <>
          {' '}
          <bdi>{name}</bdi>
        </>
      )}{' '}
      {op === 'is' && unsaid.includes(field)
        ? ''
        : (wordIn(words.ops, isMissing ? 'missing' : op) ?? op)}{' '}
      {op !== 'exists' && <Values {...condition} />}
    </>
  );
}

/** Fields that read better without "is". */
const unsaid: readonly string[] = [
  'segment',
  'opened',
  'notOpened',
  'upload',
  'topic',
  'condition',
];

function Values({ field, values }: AudienceCondition) {
  if (field === 'tokens') return <>{words.said.tokens(values.length)}</>;
  const more = values.length - SHOWN;
  return (
    <>
      {values.slice(0, SHOWN).map((it, i) => (
        <span key={i}>
          {i > 0 && ', '}
          <Value field={field} value={it} />
        </span>
      ))}
      {more > 0 && `, ${words.others(more)}`}
    </>
  );
}

/** Fields with few values, each of which has a word. */
const fewValued: readonly string[] = ['platform', 'permission', 'unregistered'];

function Value({ field, value }: { field: string; value: unknown }) {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (field === 'opened' || field === 'notOpened') return <CampaignLink id={text} />;
  if (field === 'lastSeen' && !Number.isNaN(Date.parse(text)))
    return <time dateTime={text}>{dateTime(Date.parse(text))}</time>;
  const known = fewValued.includes(field) && wordIn(words.values, text);
  return text === '' ? (
    <span class="muted">{words.said.empty}</span>
  ) : (
    <bdi class="said">{known || text}</bdi>
  );
}
