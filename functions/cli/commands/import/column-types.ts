/** The column types of PostgreSQL that a field can be read from. */

const WORDS = 'text|varchar|bpchar|name|citext|uuid|char|enum|unknown';
const NUMBERS = 'int2|int4|int8|numeric|float4|float8';

/** The types by their names in PostgreSQL, and the needed type in words. */
export function kinds(field: string): { types: RegExp; needed: string } {
  const of = (types: string, needed: string) => ({ types: new RegExp(`^(?:${types})$`), needed });
  if (field.startsWith('attributes.'))
    return of(`${WORDS}|${NUMBERS}|bool|date|timestamp|timestamptz`, 'text, a number or a bool');
  switch (field) {
    case 'id':
    case 'userId':
    case 'appVersion':
      return of(`${WORDS}|${NUMBERS}`, 'text or a number');
    case 'optedOut':
      return of(`bool|${WORDS}|int2|int4|int8`, 'bool');
    case 'permission':
      return of(`bool|${WORDS}`, 'text or bool');
    case 'tags':
    case 'optedOutOf':
      return of(
        `_(?:${WORDS})|json|jsonb|${WORDS}`,
        `text[], json, or text with | between the ${field === 'tags' ? 'tags' : 'categories'}`,
      );
    case 'attributes':
      return of('json|jsonb|text|varchar', 'json or jsonb');
    case 'refreshedAt':
      return of(`timestamp|timestamptz|date|${NUMBERS}|${WORDS}`, 'a timestamp');
    default:
      return of(WORDS, 'text');
  }
}
