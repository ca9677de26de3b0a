/** audience text: an audience as a line of text, for reports. */

import type { AudienceExpression, AudienceRequest } from '../schemas/audience.ts';

/** Values shown of a list; the others are counted. */
const SHOWN = 10;

/** The conditions of an audience, separated by dots. Tokens are counted, not shown. */
export function audienceText(audience: AudienceRequest | AudienceExpression): string {
  const parts = Object.entries(audience).flatMap(([name, it]) => partText(name, it) || []);
  return parts.length > 0 ? parts.join(' · ') : 'everybody';
}

function partText(name: string, it: unknown): string {
  if (it === undefined) return '';
  if (name === 'tokens') return `${(it as string[]).length} tokens`;
  if (name === 'and' || name === 'or')
    return (it as AudienceExpression[]).map((each) => `(${audienceText(each)})`).join(` ${name} `);
  if (name === 'not') return `not (${audienceText(it as AudienceExpression)})`;
  if (name === 'opened' || name === 'notOpened') {
    const { campaign } = it as { campaign: string };
    return `${name === 'opened' ? 'opened' : 'did not open'} campaign ${campaign}`;
  }
  if (name === 'attributes')
    return Object.entries(it as object)
      .flatMap(([attribute, comparison]) =>
        Object.entries(comparison).map(([how, value]) => `${attribute} ${how} ${listText(value)}`),
      )
      .join('; ');
  if (typeof it !== 'object' || Array.isArray(it)) return `${name} ${listText(it)}`;
  const inner = Object.entries(it as object).map(([how, value]) => `${how} ${listText(value)}`);
  return inner.length > 0 ? `${name} ${inner.join('; ')}` : '';
}

function listText(it: unknown): string {
  if (!Array.isArray(it)) return String(it);
  const more = it.length - SHOWN;
  return it.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
