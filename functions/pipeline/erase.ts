/** erase: a user is forgotten, and campaigns that end by it are told of as any others. */

import type { Erased, Ports } from '../ports/ports.ts';
import { announce } from './complete.ts';

export async function erase(ports: Ports, userId: string): Promise<Erased> {
  const erased = await ports.store.eraseUser(userId, ports.now());
  for (const campaignId of erased.closed) await announce(ports, campaignId);
  return erased;
}
