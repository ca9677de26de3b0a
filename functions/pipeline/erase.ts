/** erase: forgets a user, and publishes the close of campaigns that end by it. */

import type { Erased, Ports } from '../ports/ports.ts';
import { announce } from './complete.ts';

/**
 * Removes a user's installations and what else is stored of the user. Throws when the store fails;
 * asking again is harmless.
 */
export async function erase(ports: Ports, userId: string): Promise<Erased> {
  const erased = await ports.store.eraseUser(userId, ports.now());
  for (const campaignId of erased.closed) await announce(ports, campaignId);
  return erased;
}
