/** TypeScript of a JSON Schema, in the words that the API's own document uses. Throws at any other word. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: (string | number | boolean | null)[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  description?: string;
}

/** Words that give a type. */
const TYPED = ['$ref', 'type', 'enum', 'anyOf', 'oneOf', 'items', 'properties', 'required'];
/** Words that narrow a type by more than TypeScript can say, or that are for people. */
const OTHERS = [
  'additionalProperties',
  'description',
  'default',
  'example',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'discriminator',
];
const known = new Set([...TYPED, ...OTHERS]);

/** `Event_push_failed` is `EventPushFailed`. */
export const typeName = (name: string) =>
  name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The type, whose lines after the first are indented by `indent`. */
export function typeOf(schema: Schema, indent = ''): string {
  const strange = Object.keys(schema).filter((it) => !known.has(it));
  if (strange.length > 0) throw new Error(`no type is known for the words ${strange.join(', ')}`);
  if (schema.$ref) return typeName(schema.$ref.replace('#/components/schemas/', ''));
  if (schema.enum) return union(schema.enum.map(literal));
  const any = schema.anyOf ?? schema.oneOf;
  if (any) return union(any.map((it) => typeOf(it, indent)));
  const { type } = schema;
  if (Array.isArray(type)) return union(type.map((it) => typeOf({ ...schema, type: it }, indent)));
  if (type === 'array') return listOf(typeOf(schema.items ?? {}, indent));
  if (type === 'object' || schema.properties) return objectOf(schema, indent);
  if (type === 'integer') return 'number';
  return type ?? 'unknown';
}

const literal = (it: unknown) =>
  typeof it === 'string' ? `'${it.replaceAll(/[\\']/g, '\\$&')}'` : String(it);

const union = (types: string[]) => [...new Set(types)].join(' | ');

const listOf = (type: string) => (/^[\w']+$/.test(type) ? `${type}[]` : `Array<${type}>`);

function objectOf(schema: Schema, indent: string): string {
  const { properties = {}, required = [], additionalProperties: more } = schema;
  const open = more === undefined || more === false ? null : more === true ? {} : more;
  const none = `Record<string, ${more === false ? 'never' : 'unknown'}>`;
  const fields = Object.entries(properties).map(([name, it]) => {
    const mark = required.includes(name) ? '' : '?';
    return `${comment(it.description, `${indent}  `)}${indent}  ${keyOf(name)}${mark}: ${typeOf(it, `${indent}  `)};\n`;
  });
  if (fields.length === 0) return open ? `Record<string, ${typeOf(open, indent)}>` : none;
  const object = `{\n${fields.join('')}${indent}}`;
  // fields beside known ones: their type has to allow those, so it is left open
  return open ? `${object} & Record<string, unknown>` : object;
}

const keyOf = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name));

/** A comment on lines of its own; '' without a text. */
export function comment(text: string | undefined, indent = ''): string {
  if (!text) return '';
  const lines = text.replaceAll('*/', '* /').split('\n');
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  const inner = lines.map((it) => `${indent} * ${it}`.trimEnd());
  return `${indent}/**\n${inner.join('\n')}\n${indent} */\n`;
}
