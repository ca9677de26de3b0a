/**
 * Where in a request one of a few values stands, by the JSON Schema that describes the request; with a
 * request around it that is as right as a schema can say.
 */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  items?: Schema;
  minItems?: number;
  minLength?: number;
  minimum?: number;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

export interface Place {
  /** as a fault names it: `audience.platform[0]` */
  path: string;
  allowed: string[];
  /** null is allowed as well */
  takesNull: boolean;
  /** the request with this value there */
  holding(value: unknown): unknown;
}

/** A name that every record takes: languages are names, too. */
const NAME = 'de';

export function placesIn(schema: Schema, schemas: Record<string, Schema>): Place[] {
  const resolved = (it: Schema): Schema =>
    it.$ref === undefined ? it : schemas[it.$ref.split('/').at(-1)!]!;
  const branches = (it: Schema) => [...(it.anyOf ?? []), ...(it.oneOf ?? []), ...(it.allOf ?? [])];

  function sample(given: Schema): unknown {
    const it = resolved(given);
    if (it.enum) return it.enum[0];
    if (it.const !== undefined) return it.const;
    const [branch] = branches(it);
    if (branch) return sample(branch);
    switch (Array.isArray(it.type) ? it.type[0] : it.type) {
      case 'object':
        return sampleOf(it);
      case 'array':
        return Array.from({ length: it.minItems ?? 0 }, () => sample(it.items ?? {}));
      case 'integer':
      case 'number':
        return it.minimum ?? 1;
      case 'boolean':
        return true;
      default:
        return 'a'.repeat(Math.max(1, it.minLength ?? 0));
    }
  }

  const sampleOf = ({ properties = {}, required = [] }: Schema) =>
    Object.fromEntries(required.map((name) => [name, sample(properties[name] ?? {})]));

  function* walk(
    given: Schema,
    path: string,
    holding: Place['holding'],
    within: string[],
  ): Generator<Place> {
    const { $ref } = given;
    if ($ref !== undefined && within.includes($ref)) return;
    const inside = $ref === undefined ? within : [...within, $ref];
    const it = resolved(given);
    const values = it.enum ?? (it.const === undefined ? [] : [it.const]);
    const allowed = values.filter((one) => one !== null).map(String);
    if (allowed.length > 0) yield { path, allowed, takesNull: values.includes(null), holding };
    for (const branch of branches(it)) yield* walk(branch, path, holding, inside);
    const at = (name: string) => (path === '' ? name : `${path}.${name}`);
    const beside = (name: string) => (value: unknown) =>
      holding({ ...sampleOf(it), [name]: value });
    for (const [name, inner] of Object.entries(it.properties ?? {}))
      yield* walk(inner, at(name), beside(name), inside);
    if (typeof it.additionalProperties === 'object')
      yield* walk(it.additionalProperties, at(NAME), beside(NAME), inside);
    if (it.propertyNames?.enum)
      yield {
        path: at('wrong'),
        allowed: it.propertyNames.enum.map(String),
        takesNull: false,
        holding: (value) => holding({ wrong: value }),
      };
    if (it.items) yield* walk(it.items, `${path}[0]`, (value) => holding([value]), inside);
  }
  return [...walk(schema, '', (value) => value, [])];
}
