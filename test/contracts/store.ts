/**
 * What every adapter of the Store port promises. `makeStore` gives an empty store for each test
 * and cleans up with `t.after`. `skip` is the reason why it cannot be tested here.
 */

import { test } from 'node:test';
import { audienceContract } from './store-audience.ts';
import { campaignContract } from './store-campaigns.ts';
import { capContract } from './store-caps.ts';
import { chunkContract } from './store-chunks.ts';
import { controlContract } from './store-control.ts';
import { countContract } from './store-counts.ts';
import { cursorContract } from './store-cursors.ts';
import { eventContract } from './store-events.ts';
import { exportContract } from './store-export.ts';
import type { MakeStore } from './store-fixture.ts';
import { formsContract } from './store-forms.ts';
import { importContract } from './store-import.ts';
import { ledgerContract } from './store-ledger.ts';
import { listContract } from './store-lists.ts';
import { lookupContract } from './store-lookups.ts';
import { matchingContract } from './store-matching.ts';
import { messageContract } from './store-messages.ts';
import { nameContract } from './store-names.ts';
import { outcomeContract } from './store-outcomes.ts';
import { pastContract } from './store-past.ts';
import { receiptContract } from './store-receipts.ts';
import { recipientContract } from './store-recipients.ts';
import { sampleContract } from './store-sample.ts';
import { scheduleContract } from './store-schedules.ts';
import { tickContract } from './store-ticks.ts';
import { triggerContract } from './store-triggers.ts';
import { uploadContract } from './store-uploads.ts';
import { userContract } from './store-users.ts';
import { waveContract } from './store-waves.ts';
import { webhookContract } from './store-webhooks.ts';
import { zoneContract } from './store-zones.ts';

export type { MakeStore } from './store-fixture.ts';

export function storeContract(name: string, makeStore: MakeStore, skip: string | false = false) {
  if (skip) {
    test(`${name}: keeps its contract`, { skip }, () => {});
    return;
  }
  audienceContract(name, makeStore);
  matchingContract(name, makeStore);
  sampleContract(name, makeStore);
  pastContract(name, makeStore);
  exportContract(name, makeStore);
  formsContract(name, makeStore);
  cursorContract(name, makeStore);
  countContract(name, makeStore);
  lookupContract(name, makeStore);
  importContract(name, makeStore);
  uploadContract(name, makeStore);
  campaignContract(name, makeStore);
  listContract(name, makeStore);
  messageContract(name, makeStore);
  chunkContract(name, makeStore);
  capContract(name, makeStore);
  outcomeContract(name, makeStore);
  recipientContract(name, makeStore);
  ledgerContract(name, makeStore);
  controlContract(name, makeStore);
  scheduleContract(name, makeStore);
  tickContract(name, makeStore);
  eventContract(name, makeStore);
  webhookContract(name, makeStore);
  triggerContract(name, makeStore);
  nameContract(name, makeStore);
  userContract(name, makeStore);
  receiptContract(name, makeStore);
  waveContract(name, makeStore);
  zoneContract(name, makeStore);
}
