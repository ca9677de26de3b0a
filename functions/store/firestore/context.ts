/** What the verbs of campaigns share. */

import type { Client } from './client.ts';
import type { EventWriter } from './events.ts';
import type { Schema } from './schema.ts';

export interface Context {
  client: Client;
  schema: Schema;
  /** how long chunks that are done, failures, events and idempotency keys are kept */
  retentionDays: number;
  events: EventWriter;
}
