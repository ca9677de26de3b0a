/** audience text: an audience as a line of text, for reports. */

import type { AudienceExpression, AudienceRequest } from '../schemas/audience.ts';
import { type AudienceCondition, type AudiencePart, partsOf } from './parts.ts';

/** Values shown of a list; the others are counted. */
const SHOWN = 10;

/** The conditions of an audience, separated by dots. Tokens are counted, not shown. */
export const audienceText = (audience: AudienceRequest | AudienceExpression): string =>
  allText(partsOf(audience) ?? []);

const allText = (parts: AudiencePart[]): string =>
  parts.length > 0 ? parts.map(partText).join(' · ') : 'everybody';

const anyText = (parts: AudiencePart[]): string =>
  parts.map((it) => `(${partText(it)})`).join(' or ');

function partText(part: AudiencePart): string {
  if (part.kind === 'condition')
    return part.op === 'not' ? `not (${conditionText(part)})` : conditionText(part);
  const { holds, parts } = part;
  if (holds === 'all') return allText(parts);
  if (holds === 'any') return anyText(parts);
  return `not (${parts.length === 1 ? allText(parts) : anyText(parts)})`;
}

function conditionText({ field, op, name, values }: AudienceCondition): string {
  if (field === 'everybody') return field;
  if (field === 'tokens') return `${values.length} tokens`;
  if (field === 'opened') return `opened campaign ${values[0]}`;
  if (field === 'notOpened') return `did not open campaign ${values[0]}`;
  const words = [name || field, op === 'is' || op === 'not' ? '' : op, listText(values)];
  return words.filter(Boolean).join(' ');
}

function listText(values: unknown[]): string {
  const more = values.length - SHOWN;
  return values.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
