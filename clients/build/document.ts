/** Today's OpenAPI document, from the code: it needs no store and no server. */

import { createApi } from '../../functions/http/api.ts';
import type { Ports } from '../../functions/ports/ports.ts';
import type { Document } from './generate.ts';

export async function readDocument(): Promise<Document> {
  // only calls that are answered touch a port, and the document is made of all calls
  const ports = { store: {}, queue: {}, log: {}, senders: { get: () => null }, now: () => 0 };
  const answer = await createApi(ports as unknown as Ports).request('/openapi.json');
  if (!answer.ok) throw new Error(`the document is not made: ${await answer.text()}`);
  return (await answer.json()) as Document;
}
