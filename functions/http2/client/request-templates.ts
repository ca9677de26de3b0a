/** The prepared header lists of requests, one for each object of constant headers. */

import type { Encoder } from '../hpack/encoder.ts';
import type { Template, TemplateField } from '../hpack/template.ts';
import type { Request } from './exchange.ts';

/** Returns the template of a request: its constant headers, its path, and the header that varies. */
export function createRequestTemplates(
  encoder: Encoder,
  authority: string,
): (request: Request) => Template {
  const templates = new WeakMap<Request['headers'], Template>();
  // usually one campaign is sent at a time, so the last template is mostly the one wanted
  let lastHeaders: Request['headers'] | null = null;
  let lastTemplate: Template | null = null;

  return (request) => {
    const { headers } = request;
    if (headers === lastHeaders) return lastTemplate!;
    let template = templates.get(headers);
    if (template === undefined) {
      template = encoder.prepare(fieldsOf(request, authority));
      templates.set(headers, template);
    }
    lastHeaders = headers;
    lastTemplate = template;
    return template;
  };
}

/**
 * Pseudo-headers come first (RFC 9113, section 8.3). `authorization` is indexed like the rest; why
 * that is safe is said at `Indexing`. As a literal it would add half a kilobyte to a kilobyte to
 * every push.
 */
function fieldsOf({ headers, path, varying }: Request, authority: string): TemplateField[] {
  const fields: TemplateField[] = [
    { name: ':method', value: 'POST' },
    { name: ':scheme', value: 'https' },
    { name: ':authority', value: authority },
  ];
  const prefix = headers[':path'] === undefined ? '' : String(headers[':path']);
  if (path === undefined) fields.push({ name: ':path', value: prefix });
  else fields.push({ name: ':path', prefix });
  for (const name in headers)
    if (name !== ':path') fields.push({ name, value: String(headers[name]) });
  if (varying !== undefined) fields.push({ name: varying[0] });
  return fields;
}
